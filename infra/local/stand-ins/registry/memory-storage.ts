import { by, type Manifest, type RegistryStorage, type Tag } from './storage.ts';

interface Repository {
  manifests: Map<string, Manifest>;
  tags: Map<string, Tag>;
  blobs: Map<string, Buffer>;
}

export function createMemoryStorage(now: () => Date): RegistryStorage {
  const repositories = new Map<string, Repository>();

  function open(name: string): Repository {
    const repository = repositories.get(name) ?? { manifests: new Map(), tags: new Map(), blobs: new Map() };
    repositories.set(name, repository);
    return repository;
  }
  function find(name: string): Repository | undefined {
    return repositories.get(name);
  }

  return {
    async repositories() {
      return [...repositories].flatMap(([name, { manifests }]) => (manifests.size > 0 ? [name] : [])).sort();
    },
    async tags(name) {
      return [...(find(name)?.tags.values() ?? [])].sort(by(tag => tag.name));
    },
    async manifests(name) {
      return [...(find(name)?.manifests.values() ?? [])].sort(by(manifest => manifest.digest));
    },
    async manifest(name, reference) {
      const repository = find(name);
      return repository?.manifests.get(repository.tags.get(reference)?.digest ?? reference);
    },
    async putManifest(name, manifest, tag) {
      const { manifests, tags } = open(name);
      const { digest } = manifest;
      manifests.set(digest, { ...manifest, createdAt: manifests.get(digest)?.createdAt ?? now() });
      if (tag === undefined) return;
      tags.set(tag, { name: tag, digest, createdAt: tags.get(tag)?.createdAt ?? now(), updatedAt: now() });
    },
    async deleteManifest(name, digest) {
      const repository = find(name);
      if (!repository) return;
      repository.manifests.delete(digest);
      for (const tag of [...repository.tags.values()]) {
        if (tag.digest === digest) repository.tags.delete(tag.name);
      }
    },
    async untag(name, tag) {
      find(name)?.tags.delete(tag);
    },
    async blobSize(name, digest) {
      return find(name)?.blobs.get(digest)?.length;
    },
    async blob(name, digest) {
      return find(name)?.blobs.get(digest);
    },
    async putBlob(name, digest, content) {
      open(name).blobs.set(digest, content);
    },
    async deleteBlob(name, digest) {
      find(name)?.blobs.delete(digest);
    },
  };
}
