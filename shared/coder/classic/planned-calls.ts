import type { LeasedRows } from '../../azure/tables/leased-rows.ts';
import type { PlannedCall, Target } from '../target.ts';
import type { ClassicClient } from './client.ts';
import type { ClassicMemory } from './memory.ts';
import type { CoderImage, CoderRegistry, CoderTag } from './schema.ts';

/** A client that only reads Coder, and lists the calls that would change it. */
interface Planned {
  coder: ClassicClient;
  calls: readonly PlannedCall[];
}

/** The target on a Coder that is only read, with the calls that would change Coder, in order. */
export function planCalls(
  coder: ClassicClient,
  memory: ClassicMemory,
  createTarget: (services: { coder: ClassicClient; memory: ClassicMemory }) => Target,
): ReturnType<Target['plan']> {
  let digest = '';
  const planned = noteChanges(coder, () => digest);
  const target = createTarget({ coder: planned.coder, memory: readOnly(memory) });
  const apply: Target['apply'] = (image, lock, signal) => {
    [digest] = image.digests;
    return target.apply(image, lock, signal);
  };
  return { target: { ...target, apply }, calls: planned.calls };
}

/** @param digest the digest that Coder would read from the registry */
function noteChanges(coder: ClassicClient, digest: () => string): Planned {
  const calls: PlannedCall[] = [];
  let refreshed = false;
  const note = (method: PlannedCall['method'], path: string, body?: object) =>
    void calls.push({ method, path: `/api/v0/${path}`, ...(body && { body: withoutPasswords(body) }) });
  return {
    calls,
    coder: {
      ...coder,
      async updateRegistry(id, login, signal) {
        note('PATCH', `registries/${id}`, login);
        return (await coder.getRegistry(id, signal)) !== undefined;
      },
      async createImage(image) {
        note('POST', 'images', image);
        const { registry_id = 'new', org_id: organization_id, repository, tag } = image;
        const registry: CoderRegistry = { id: registry_id, registry: image.new_registry?.registry ?? '' };
        const created: CoderImage = { id: 'new', organization_id, repository, registry };
        return { ...created, default_tag: { tag, latest_hash: digest() } };
      },
      async addTag(imageId, tag, isDefault) {
        note('POST', `images/${imageId}/tags`, { tag, default: isDefault });
        return { tag, latest_hash: digest() };
      },
      async refreshTags(imageId) {
        note('POST', `images/${imageId}/tags/update`);
        refreshed = true;
      },
      async getTag(imageId, tag, signal): Promise<CoderTag | undefined> {
        return refreshed ? { tag, latest_hash: digest() } : coder.getTag(imageId, tag, signal);
      },
      updateImage: async (id, change) => note('PATCH', `images/${id}`, change),
      deleteTag: async (imageId, tag) => note('DELETE', `images/${imageId}/tags/${tag}`),
    },
  };
}

/** What the bridge remembers of Coder, without leases or writes. */
function readOnly({ registries, repositories }: ClassicMemory): ClassicMemory {
  return { registries: readOnlyRows(registries), repositories: readOnlyRows(repositories) };
}

function readOnlyRows<T>({ read, each }: LeasedRows<T>): LeasedRows<T> {
  return {
    read,
    each,
    readIntact: read,
    withLease: async (key, _signal, work) => work(await read(key), false, async () => {}),
  };
}

function withoutPasswords(body: object): object {
  return JSON.parse(JSON.stringify(body, (key, value) => (key === 'password' ? '***' : value)));
}
