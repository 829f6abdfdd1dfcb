import type { PullRoles } from '../azure/arm/pull-roles.ts';
import type { HeldRegistry } from '../credentials/holder.ts';
import { ServiceError } from '../errors.ts';
import { type Check, unclear } from '../lib/check.ts';
import type { DeliveryServices } from './kind.ts';
import { deliveryOf } from './kinds/all.ts';

interface Diagnosed {
  registry: HeldRegistry & { resourceId: string };
  signal: AbortSignal;
}

/** Whether workspaces can pull with what is delivered to them. */
export function deliveryCheck(services: DeliveryServices & { pullRoles: PullRoles }): Check<Diagnosed> {
  return {
    name: 'workspace-can-pull',
    truth: 'Workspaces have a credential of the registry, or the nodes that they run on may pull.',
    needs: ['tables', 'managed-identity', 'key-vault-read'],
    async run({ registry, signal }) {
      const { declared, kind } = deliveryOf(registry);
      if (kind.needsLogin && !registry.rotation.current)
        return unclear('The first credential is being issued.');
      try {
        return await kind.diagnose(declared, { registry, services, signal });
      } catch (error) {
        // Other checks say what is wrong with Key Vault.
        if (error instanceof ServiceError) return unclear(error.message);
        throw error;
      }
    },
  };
}
