import type { RegistryStorage } from './storage.ts';

/** A request to the distribution registry. Undefined for a 404; any other refusal is thrown. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response | undefined>;

/** @param url base URL of the registry, without a trailing slash */
export function createAsk(url: string): Ask {
  return async (path, init = {}) => {
    const response = await fetch(new URL(path, url), init);
    if (response.status === 404) return undefined;
    if (response.ok) return response;
    throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
  };
}

/** The blobs of a distribution registry. */
export function upstreamBlobs(
  ask: Ask,
): Pick<RegistryStorage, 'blobSize' | 'blob' | 'putBlob' | 'deleteBlob'> {
  return {
    async blobSize(repository, digest) {
      const response = await ask(`/v2/${repository}/blobs/${digest}`, { method: 'HEAD' });
      return response && Number(response.headers.get('content-length'));
    },
    async blob(repository, digest) {
      const response = await ask(`/v2/${repository}/blobs/${digest}`);
      return response && Buffer.from(await response.arrayBuffer());
    },
    async putBlob(repository, digest, content) {
      const started = await ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
      const location = new URL(started?.headers.get('location') ?? '', started?.url);
      location.searchParams.set('digest', digest);
      await ask(location.href, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: content,
      });
    },
    async deleteBlob(repository, digest) {
      await ask(`/v2/${repository}/blobs/${digest}`, { method: 'DELETE' });
    },
  };
}
