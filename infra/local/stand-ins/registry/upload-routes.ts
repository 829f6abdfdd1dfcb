import { randomUUID } from 'node:crypto';
import { sha256 } from '../../digest.ts';
import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import type { RepositoryCall } from './access.ts';
import type { RegistryContext } from './context.ts';
import { ociError } from './oci-error.ts';
import { permits, repositoryScope } from './scope.ts';

interface Upload {
  repository: string;
  content: Buffer;
}

const START = /^\/v2\/(.+)\/blobs\/uploads\/?$/;
const UPLOAD = /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/;

/** Uploading blobs: at once, in chunks, or by mounting one that another repository already holds. */
export function uploadRoutes({ access, storage }: RegistryContext): Route[] {
  const uploads = new Map<string, Upload>();

  async function start(call: RepositoryCall): Promise<StandInResponse> {
    const { request, repository } = call;
    const digest = request.url.searchParams.get('digest');
    if (digest !== null) return store(repository, digest, request.body);
    if (await mount(call)) return created(repository, request.url.searchParams.get('mount') ?? '');
    const id = randomUUID();
    const upload = { repository, content: Buffer.alloc(0) };
    uploads.set(id, upload);
    return progress(202, id, upload);
  }

  /** A caller without the right to pull from the other repository does not learn whether the blob exists. */
  async function mount({ request, repository, grant }: RepositoryCall): Promise<boolean> {
    const digest = request.url.searchParams.get('mount');
    const from = request.url.searchParams.get('from');
    if (digest === null || from === null) return false;
    if (!permits(grant, repositoryScope(from, ['pull']))) return false;
    const content = await storage.blob(from, digest);
    if (content) await storage.putBlob(repository, digest, content);
    return content !== undefined;
  }

  async function append(call: RepositoryCall): Promise<StandInResponse> {
    const upload = find(call);
    if (!upload) return uploadUnknown();
    const { headers, body } = call.request;
    const start = headers['content-range']?.split('-')[0];
    if (start !== undefined && Number(start) !== upload.content.length) {
      return progress(416, call.reference, upload);
    }
    upload.content = Buffer.concat([upload.content, body]);
    return progress(202, call.reference, upload);
  }

  async function finish(call: RepositoryCall): Promise<StandInResponse> {
    const upload = find(call);
    if (!upload) return uploadUnknown();
    uploads.delete(call.reference);
    const { url, body } = call.request;
    const content = Buffer.concat([upload.content, body]);
    return store(call.repository, url.searchParams.get('digest') ?? '', content);
  }

  async function store(repository: string, digest: string, content: Buffer): Promise<StandInResponse> {
    if (digest !== sha256(content)) {
      return ociError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    }
    await storage.putBlob(repository, digest, content);
    return created(repository, digest);
  }

  function find({ repository, reference }: RepositoryCall): Upload | undefined {
    const upload = uploads.get(reference);
    return upload?.repository === repository ? upload : undefined;
  }

  function status(call: RepositoryCall): StandInResponse {
    const upload = find(call);
    return upload ? progress(204, call.reference, upload) : uploadUnknown();
  }

  function cancel(call: RepositoryCall): StandInResponse {
    return find(call) && uploads.delete(call.reference) ? { status: 204 } : uploadUnknown();
  }

  return [
    access.onRepository('POST', START, ['pull', 'push'], start),
    access.onRepository('PATCH', UPLOAD, ['pull', 'push'], append),
    access.onRepository('PUT', UPLOAD, ['pull', 'push'], finish),
    access.onRepository('GET', UPLOAD, ['pull', 'push'], status),
    access.onRepository('DELETE', UPLOAD, ['pull', 'push'], cancel),
  ];
}

/** `Range` is inclusive; a fresh upload says `0-0` all the same, as distribution registries do. */
function progress(status: number, id: string, { repository, content }: Upload): StandInResponse {
  const headers = {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(content.length - 1, 0)}`,
    'docker-upload-uuid': id,
  };
  return { status, headers };
}

function created(repository: string, digest: string): StandInResponse {
  const headers = { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest };
  return { status: 201, headers };
}

function uploadUnknown(): StandInResponse {
  return ociError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
}
