import { sha256 } from '../../digest.ts';
import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import type { RepositoryCall } from './access.ts';
import type { RegistryContext } from './context.ts';
import { blobsOf, type ManifestContent, manifestsOf, parseManifest } from './manifest-content.ts';
import { disallowed, manifestUnknown, ociError } from './oci-error.ts';
import type { Manifest } from './storage.ts';

const PATH = /^\/v2\/(.+)\/manifests\/([^/]+)$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests */
const LARGEST_MANIFEST = 4 * 1024 * 1024;
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;

/** Manifests that a registry hides from clients whose Accept header does not name them (Azure/acr#764). */
const HIDDEN: Record<string, string> = {
  'application/vnd.oci.image.manifest.v1+json':
    'OCI manifest found, but accept header does not support OCI manifests',
  'application/vnd.oci.image.index.v1+json':
    'OCI index found, but accept header does not support OCI indexes',
  'application/vnd.oci.artifact.manifest.v1+json':
    'OCI artifact found, but accept header does not support OCI artifacts',
};

/** Pushing, pulling and deleting manifests. */
export function manifestRoutes(context: RegistryContext): Route[] {
  const { access, storage, replica, locks } = context;

  async function pull({ request, repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const manifest = await replica.manifest(repository, reference);
    if (!manifest || locks.hides(repository, reference, manifest.digest)) return manifestUnknown(reference);
    if (!locks.allows('read', repository, reference, manifest.digest)) return disallowed();
    const { mediaType, digest, content } = manifest;
    const hidden = HIDDEN[mediaType];
    if (hidden && !request.headers.accept?.includes(mediaType)) {
      return ociError(404, 'MANIFEST_UNKNOWN', hidden);
    }
    const headers = {
      'content-type': mediaType,
      'content-length': String(content.length),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    };
    return { status: 200, headers, body: content };
  }

  async function push({ request, repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const digest = sha256(request.body);
    const tag = reference.includes(':') ? undefined : reference;
    if (request.body.length > LARGEST_MANIFEST) {
      return ociError(413, 'MANIFEST_INVALID', 'manifest exceeds the maximum size of 4194304 bytes');
    }
    const parsed = parseManifest(request.body);
    if (!parsed) return ociError(400, 'MANIFEST_INVALID', 'manifest invalid');
    if (parsed.schemaVersion === 1 || SCHEMA_1.test(request.headers['content-type'] ?? '')) {
      return ociError(400, 'MANIFEST_INVALID', 'manifests of schema version 1 are not supported');
    }
    if (!locks.allows('write', repository, reference, digest)) return disallowed();
    const refusal = refuseReference(reference, digest) ?? (await refuseContent(repository, parsed));
    if (refusal) return refusal;

    const mediaType = request.headers['content-type'] ?? parsed.mediaType ?? '';
    const manifest = { digest, mediaType, content: request.body };
    await storage.putManifest(repository, manifest, tag);
    context.announcePush({ request, repository, manifest }, tag);
    const headers = {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(parsed.subject ? { 'oci-subject': parsed.subject.digest } : {}),
    };
    return { status: 201, headers };
  }

  /** Everything that a manifest refers to must be there before it. */
  async function refuseContent(
    repository: string,
    content: ManifestContent,
  ): Promise<StandInResponse | undefined> {
    for (const digest of blobsOf(content)) {
      if ((await storage.blobSize(repository, digest)) === undefined) return blobMissing(digest);
    }
    for (const digest of manifestsOf(content)) {
      if (!(await storage.manifest(repository, digest))) return blobMissing(digest);
    }
    return undefined;
  }

  async function remove({ request, repository, reference }: RepositoryCall): Promise<StandInResponse> {
    if (!reference.includes(':')) return ociError(405, 'UNSUPPORTED', 'the operation is unsupported');
    const manifest: Manifest | undefined = await storage.manifest(repository, reference);
    if (!manifest) return manifestUnknown(reference);
    if (!locks.allows('delete', repository, reference, manifest.digest)) return disallowed();
    await storage.deleteManifest(repository, reference);
    context.announceDelete({ request, repository, manifest });
    return { status: 202 };
  }

  return [
    access.onRepository('GET', PATH, ['pull'], pull),
    access.onRepository('HEAD', PATH, ['pull'], pull),
    access.onRepository('PUT', PATH, ['pull', 'push'], push),
    access.onRepository('DELETE', PATH, ['delete'], remove),
  ];
}

function refuseReference(reference: string, digest: string): StandInResponse | undefined {
  if (reference.includes(':')) {
    if (reference === digest) return undefined;
    return ociError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  return TAG.test(reference) ? undefined : ociError(400, 'TAG_INVALID', 'manifest tag did not match URI');
}

function blobMissing(digest: string): StandInResponse {
  return ociError(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', { Digest: digest });
}
