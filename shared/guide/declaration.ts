import type { Registry } from '../records/registry.ts';

/** What is declared of the registry beside its credential, as a PUT takes it. What is undefined is left out as JSON. */
export function declarationOf(registry: Registry): Pick<Registry, 'resourceId' | 'policy'> {
  const {
    resourceId,
    delivery,
    organizationId,
    templates,
    policy,
    suspended,
    pinned,
    reconcileEveryMinutes,
  } = registry;
  const declared = {
    resourceId,
    delivery,
    organizationId,
    templates,
    policy,
    suspended,
    pinned,
    reconcileEveryMinutes,
  };
  return declared as Pick<Registry, 'resourceId' | 'policy'>;
}
