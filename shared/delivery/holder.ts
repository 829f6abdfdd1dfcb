import type { CredentialHolder, HeldRegistry } from '../credentials/holder.ts';
import { CredentialError } from '../errors.ts';
import { contentFor, isOnlyFor } from './content.ts';
import type { DeliveryServices } from './kind.ts';
import { deliveryOf } from './kinds/all.ts';
import { minutesUntilCopied } from './refresh.ts';

export interface DeliveryHolderServices extends DeliveryServices {
  /** The registry as it is recorded now. */
  findRegistry(name: string): Promise<HeldRegistry | undefined>;
}

/**
 * Workspaces of Coder v2 as holders: the bridge delivers to the place that is declared for their registry. No password
 * goes through Coder, where a variable of a template would keep it in every version.
 */
export function createDeliveryHolder(services: DeliveryHolderServices): CredentialHolder {
  const { vault, findRegistry } = services;

  async function fill(
    registry: HeldRegistry,
    signal: AbortSignal,
    latest: () => Promise<HeldRegistry | undefined>,
  ): Promise<void> {
    const { declared, kind } = deliveryOf(registry);
    const contentNow = async () => {
      const now = await latest();
      return now && contentFor(now, vault);
    };
    if (registry.rotation.current) await kind.place?.fill(declared, contentNow, services, signal);
  }

  return {
    async prepare(registry, signal) {
      const { declared, kind } = deliveryOf(registry);
      const found = (await kind.place?.read(declared, services, signal)) ?? [];
      for (const { name, text } of found) {
        if (!isOnlyFor(text, registry.loginServer)) throw takenByOthers(name);
      }
      if (registry.rotation.current) await fill(registry, signal, async () => registry);
      else await kind.place?.tryOut?.(declared, services, signal);
    },

    // Others may have gone on since the caller read the record.
    deliver: (registry, signal) => fill(registry, signal, () => findRegistry(registry.name)),

    prove: (registry, signal) => fill(registry, signal, async () => registry),

    async hasDrifted(registry, signal) {
      const { declared, kind } = deliveryOf(registry);
      const content = kind.place && (await contentFor(registry, vault));
      return Boolean(content && !(await kind.place?.holds(declared, content, services, signal)));
    },

    minutesInUse(registry) {
      const { declared, kind } = deliveryOf(registry);
      return minutesUntilCopied(kind.refreshMinutes?.(declared) ?? 0);
    },

    deliveryStep(registry) {
      const { declared, kind } = deliveryOf(registry);
      return kind.step(declared);
    },

    async proveUnused(registry, { expiresOn }) {
      const isOver = expiresOn !== undefined && expiresOn <= services.now();
      if (!isOver) await deliveryOf(registry).kind.proveUnused?.(registry, services);
    },
  };
}

/** The bridge writes the whole content, which would remove what others need. */
function takenByOthers(name: string): CredentialError {
  const message = `The ${name} exists, and holds something else than logins of this registry.`;
  const remedy = 'Declare another name, or delete it if it is not needed.';
  return new CredentialError('delivery-refused', message, { remedy });
}
