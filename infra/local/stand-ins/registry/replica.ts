import * as z from 'zod';
import type { Route } from '../../stand-in.ts';
import { steered } from './steering.ts';
import type { Manifest, RegistryStorage, Tag } from './storage.ts';

type ReadStorage = Pick<RegistryStorage, 'repositories' | 'tags' | 'manifests' | 'manifest' | 'blob'>;

/** The replica that is read; what is pushed goes to another one. */
export interface Replica extends ReadStorage {
  routes: Route[];
}

/** A repository as it was. */
interface Snapshot {
  tags: Tag[];
  manifests: Manifest[];
}

const NOTHING: Snapshot = { tags: [], manifests: [] };

/**
 * While it lags it shows what there was when that began: a tag that moved since has its old digest, and one that is new
 * is not there. https://github.com/Azure/acr/issues/880
 */
export function createReplica(storage: RegistryStorage): Replica {
  let lag: { repository?: string | undefined; seen: Map<string, Snapshot> } | undefined;

  async function read(repository: string): Promise<Snapshot> {
    return { tags: await storage.tags(repository), manifests: await storage.manifests(repository) };
  }
  /** undefined when the replica has everything of it. */
  function old(repository: string): Snapshot | undefined {
    if (!lag || (lag.repository !== undefined && lag.repository !== repository)) return undefined;
    return lag.seen.get(repository) ?? NOTHING;
  }

  return {
    blob: storage.blob,
    async repositories() {
      const known = new Set([...(lag?.seen.keys() ?? []), ...(await storage.repositories())]);
      return [...known].filter(name => old(name)?.manifests.length !== 0).sort();
    },
    tags: async repository => old(repository)?.tags ?? storage.tags(repository),
    manifests: async repository => old(repository)?.manifests ?? storage.manifests(repository),
    async manifest(repository, reference) {
      const snapshot = old(repository);
      if (!snapshot) return storage.manifest(repository, reference);
      const digest = snapshot.tags.find(({ name }) => name === reference)?.digest ?? reference;
      return snapshot.manifests.find(manifest => manifest.digest === digest);
    },
    routes: steered('lag', z.strictObject({ repository: z.string().optional() }), {
      async set({ repository }) {
        const names = repository === undefined ? await storage.repositories() : [repository];
        const seen = await Promise.all(names.map(async name => [name, await read(name)] as const));
        lag = { repository, seen: new Map(seen) };
      },
      clear() {
        lag = undefined;
      },
    }),
  };
}
