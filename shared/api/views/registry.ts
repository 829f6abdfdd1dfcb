import * as z from 'zod';
import { RegistryWords } from '../../coder/words.ts';
import { Delivery } from '../../delivery/kinds/all.ts';
import { Policy } from '../../policy/policy.ts';
import type { StoredRegistry } from '../../records/registry.ts';
import type { Summary } from '../../records/summary.ts';
import { Time } from './fields.ts';
import { RotationView, rotationView } from './rotation.ts';

export const RegistryView = z.strictObject({
  name: z.string(),
  resourceId: z.string(),
  loginServer: z.string(),
  sku: z.string(),
  ...RegistryWords.shape,
  credential: z.looseObject({ kind: z.string() }).describe('The declared credential, without its password.'),
  delivery: Delivery.optional(),
  rotation: RotationView,
  lastEventOn: Time.optional().describe(
    'The newest push that an event reported, as of the last count, which is made each minute.',
  ),
  policy: Policy,
  suspended: z.boolean().optional(),
  pinned: z.boolean().optional(),
  reconcileEveryMinutes: z.int().optional(),
  createdOn: Time,
  updatedOn: Time,
});

/**
 * A registry as the API shows it: the declaration, and what Azure says. It does not show where secrets are stored.
 * @param summary what was counted last
 */
export function registryView(registry: StoredRegistry, summary?: Pick<Summary, 'lastEventOn'>) {
  return {
    name: registry.name,
    resourceId: registry.resourceId,
    loginServer: registry.loginServer,
    sku: registry.sku,
    ...RegistryWords.parse(registry),
    credential: registry.credential,
    delivery: registry.delivery,
    rotation: rotationView(registry),
    lastEventOn: summary?.lastEventOn,
    policy: registry.policy,
    suspended: registry.suspended || undefined,
    pinned: registry.pinned || undefined,
    reconcileEveryMinutes: registry.reconcileEveryMinutes,
    createdOn: registry.createdOn,
    updatedOn: registry.updatedOn,
  };
}
