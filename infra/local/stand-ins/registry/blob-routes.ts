import type { Secrets } from '../../secrets.ts';
import type { Route } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { RepositoryCall } from './access.ts';
import type { RegistryContext } from './context.ts';
import { ociError } from './oci-error.ts';

const PATH = /^\/v2\/(.+)\/blobs\/([^/]+)$/;

/**
 * Blobs. Their bytes come from another host, as ACR's come from Azure Blob Storage: a signed URL that must be
 * asked without ACR's Authorization header, which Blob Storage takes for a failed login.
 */
export function blobRoutes({ access, storage, loginServer }: RegistryContext, secrets: Secrets): Route[] {
  const signed = new Map<string, { repository: string; digest: string }>();

  async function stat({ repository, reference: digest }: RepositoryCall): Promise<StandInResponse> {
    const size = await storage.blobSize(repository, digest);
    if (size === undefined) return blobUnknown(digest);
    return { status: 200, headers: { 'content-length': String(size), 'docker-content-digest': digest } };
  }

  async function redirect({ repository, reference: digest }: RepositoryCall): Promise<StandInResponse> {
    if ((await storage.blobSize(repository, digest)) === undefined) return blobUnknown(digest);
    const signature = secrets.random();
    signed.set(signature, { repository, digest });
    const { port } = new URL(`https://${loginServer()}`);
    const location = `https://127.0.0.1:${port}/blob-data/${digest}?sig=${signature}`;
    return { status: 307, headers: { location, 'docker-content-digest': digest } };
  }

  async function data({ url, headers, params: [digest] }: StandInRequest): Promise<StandInResponse> {
    const grant = signed.get(url.searchParams.get('sig') ?? '');
    const refused = headers.authorization !== undefined || grant === undefined || grant.digest !== digest;
    if (refused) return authenticationFailed();
    const content = await storage.blob(grant.repository, grant.digest);
    if (!content) return { status: 404, headers: { 'x-ms-error-code': 'BlobNotFound' } };
    const type = { 'content-type': 'application/octet-stream', 'content-length': String(content.length) };
    return { status: 200, headers: type, body: content };
  }

  async function remove({ repository, reference: digest }: RepositoryCall): Promise<StandInResponse> {
    if ((await storage.blobSize(repository, digest)) === undefined) return blobUnknown(digest);
    await storage.deleteBlob(repository, digest);
    return { status: 202 };
  }

  return [
    access.onRepository('HEAD', PATH, ['pull'], stat),
    access.onRepository('GET', PATH, ['pull'], redirect),
    access.onRepository('DELETE', PATH, ['delete'], remove),
    { method: 'GET', path: /^\/blob-data\/([^/]+)$/, handle: data },
  ];
}

function blobUnknown(digest: string): StandInResponse {
  return ociError(404, 'BLOB_UNKNOWN', 'blob unknown to registry', { Digest: digest });
}

function authenticationFailed(): StandInResponse {
  return {
    status: 403,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': 'AuthenticationFailed' },
    body: '<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code></Error>',
  };
}
