import { Delivery } from '../../delivery/kinds/all.ts';
import { invalidRequest } from '../../errors.ts';
import type { OtherGeneration } from '../explain-unreachable.ts';
import { type ForeignWords, findForeignWords } from '../foreign-words.ts';
import type { SourceRegistry, Target, TargetedImage } from '../target.ts';
import { V2RegistryWords, V2RuleWords } from '../v2/words.ts';
import { type ApplyOptions, createImage, updateImage } from './apply.ts';
import { classicChecks } from './checks.ts';
import { takeInventory } from './inventory.ts';
import { refuseOtherKind } from './kind.ts';
import { type ClassicMemory, type RepositoryLock, repositoryRow } from './memory.ts';
import { planCalls } from './planned-calls.ts';
import { createClassicRegistries, sameHost } from './registries.ts';
import type { CoderImage } from './schema.ts';
import { withdrawTag } from './withdraw.ts';

export interface ClassicTargetOptions extends Omit<ApplyOptions, 'registries'> {
  memory: ClassicMemory;
  /** Organization of registries that name none. */
  organizationId: string | undefined;
  /** JSON field and value that make a new registry one of kind *Microsoft Azure Container Registry*. */
  acrKind: { field: string; value: string };
  v2: OtherGeneration;
  /** The registry as it is recorded now. */
  findRegistry(name: string): Promise<SourceRegistry | undefined>;
}

const V2: ForeignWords = {
  // Coder Classic itself holds what it pulls with.
  registry: V2RegistryWords.extend({ delivery: Delivery }),
  rule: V2RuleWords,
  generation: { theirs: 'v2', ours: 'classic' },
};

/** Coder Classic: images are imported from registries, and have tags. */
export function createClassicTarget(options: ClassicTargetOptions): Target {
  const { coder, memory } = options;
  const registries = createClassicRegistries(options);

  /** The image in Coder, even if a person imported it by hand. */
  async function findImage(
    { registry, repository }: TargetedImage,
    lock: RepositoryLock,
    signal: AbortSignal,
  ): Promise<CoderImage | undefined> {
    const organizationId = registries.organizationOf(registry);
    const isOurs = (image: CoderImage) =>
      image.repository === repository && image.registry != null && sameHost(image.registry, registry);
    const knownId = lock.row.organizationId === organizationId ? lock.row.coderId : undefined;
    const known = knownId === undefined ? undefined : await coder.getImage(knownId, signal);
    const image =
      known && isOurs(known) ? known : (await coder.listImages(organizationId, signal)).find(isOurs);
    if (image) Object.assign(lock.row, { coderId: image.id, organizationId });
    return image;
  }

  return {
    host: coder.host,

    async refuse(declared) {
      const faults = findForeignWords(declared, V2);
      if (!declared.organizationId && !options.organizationId) {
        const message = 'is required: the setting CODER_ORGANIZATION_ID is not set';
        faults.push({ path: 'organizationId', message });
      }
      if (faults.length > 0) throw invalidRequest(faults);
    },

    refuseFound: (declared, previous, signal) =>
      refuseOtherKind({ ...options, registries }, declared, previous, signal),

    // Each of them is a field of an image in Coder Classic.
    refuseRequest() {},

    withLock: ({ registry, repository }, signal, work) =>
      memory.repositories.withLease(repositoryRow(registry, repository), signal, (row, wasAbandoned) =>
        work({ row, wasAbandoned }),
      ),

    async apply(image, lock, signal) {
      const applying = { ...options, registries };
      const existing = await findImage(image, lock as RepositoryLock, signal);
      return existing
        ? updateImage(applying, existing, image, lock as RepositoryLock, signal)
        : createImage(applying, image, lock as RepositoryLock, signal);
    },

    async withdraw(image, lock, signal) {
      const existing = await findImage(image, lock as RepositoryLock, signal);
      if (!existing) return { state: 'done' };
      return withdrawTag(coder, existing, image, lock as RepositoryLock, signal);
    },

    observe: (registry, signal) => takeInventory(options, registries, registry, signal),

    plan: (registry, vault) =>
      planCalls(coder, memory, planned =>
        createClassicTarget({ ...options, ...planned, vault, findRegistry: async () => registry }),
      ),

    checks: () => classicChecks({ ...options, registries }),
  };
}
