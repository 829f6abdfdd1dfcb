import { randomUUID } from 'node:crypto';
import { sha256 } from '../../digest.ts';
import { ANY_MANIFEST } from '../../manifest-types.ts';
import { parseManifest } from './manifest-content.ts';
import { by, type Manifest, type RegistryStorage, type Tag } from './storage.ts';
import { createAsk, upstreamBlobs } from './upstream-blobs.ts';

/**
 * Keeps everything in a distribution registry that asks for no credentials, such as Debian's docker-registry.
 * What such a registry does not tell is remembered here: times, and which untagged manifests there are.
 *
 * @param url base URL without a trailing slash
 */
export function createUpstreamStorage(url: string, now: () => Date): RegistryStorage {
  const pushed = new Map<string, Map<string, Date>>();
  const tagged = new Map<string, Pick<Tag, 'createdAt' | 'updatedAt'>>();
  const startedAt = now();
  const ask = createAsk(url);

  async function list(path: string): Promise<{ repositories?: string[]; tags?: string[] | null }> {
    const response = await ask(path);
    return response ? ((await response.json()) as object) : {};
  }
  async function digestOf(repository: string, tag: string): Promise<string | undefined> {
    const init = { method: 'HEAD', headers: { accept: ANY_MANIFEST } };
    const response = await ask(`/v2/${repository}/manifests/${tag}`, init);
    return response?.headers.get('docker-content-digest') ?? undefined;
  }

  const storage: RegistryStorage = {
    ...upstreamBlobs(ask),
    async repositories() {
      const names = (await list('/v2/_catalog?n=1000')).repositories ?? [];
      const held = await Promise.all(names.map(storage.manifests));
      return names.filter((_, index) => held[index]?.length).sort();
    },
    async tags(repository) {
      const names = (await list(`/v2/${repository}/tags/list`)).tags ?? [];
      const tags = names.map(async name => {
        const digest = await digestOf(repository, name);
        const times = tagged.get(`${repository}:${name}`) ?? { createdAt: startedAt, updatedAt: startedAt };
        return digest ? [{ name, digest, ...times }] : [];
      });
      return (await Promise.all(tags)).flat().sort(by(tag => tag.name));
    },
    async manifests(repository) {
      const tags = await storage.tags(repository);
      const roots = new Set([...tags.map(tag => tag.digest), ...(pushed.get(repository)?.keys() ?? [])]);
      const found = new Map<string, Manifest>();
      async function collect(digest: string): Promise<void> {
        const manifest = found.has(digest) ? undefined : await storage.manifest(repository, digest);
        if (!manifest) return;
        found.set(digest, manifest);
        for (const child of parseManifest(manifest.content)?.manifests ?? []) await collect(child.digest);
      }
      for (const digest of roots) await collect(digest);
      return [...found.values()].sort(by(manifest => manifest.digest));
    },
    async manifest(repository, reference) {
      const response = await ask(`/v2/${repository}/manifests/${reference}`, {
        headers: { accept: ANY_MANIFEST },
      });
      if (!response) return undefined;
      const digest = response.headers.get('docker-content-digest') ?? '';
      return {
        digest,
        mediaType: response.headers.get('content-type') ?? '',
        content: Buffer.from(await response.arrayBuffer()),
        createdAt: pushed.get(repository)?.get(digest) ?? startedAt,
      };
    },
    async putManifest(repository, { digest, mediaType, content }, tag) {
      await ask(`/v2/${repository}/manifests/${tag ?? digest}`, {
        method: 'PUT',
        headers: { 'content-type': mediaType },
        body: content,
      });
      const digests = pushed.get(repository) ?? new Map<string, Date>();
      pushed.set(repository, digests.set(digest, digests.get(digest) ?? now()));
      if (tag === undefined) return;
      const key = `${repository}:${tag}`;
      tagged.set(key, { createdAt: tagged.get(key)?.createdAt ?? now(), updatedAt: now() });
    },
    async deleteManifest(repository, digest) {
      await ask(`/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
      pushed.get(repository)?.delete(digest);
    },
    /** Distribution 2 cannot remove a tag, but deletes a manifest together with those that point to it. */
    async untag(repository, tag) {
      const mediaType = 'application/vnd.oci.image.index.v1+json';
      const annotations = { placeholder: randomUUID() };
      const content = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations }),
      );
      const digest = sha256(content);
      await storage.putManifest(repository, { digest, mediaType, content }, tag);
      await storage.deleteManifest(repository, digest);
      tagged.delete(`${repository}:${tag}`);
    },
  };
  return storage;
}
