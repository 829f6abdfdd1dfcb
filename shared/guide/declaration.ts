import type { Registry } from '../records/registry.ts';

/** Fields of a registry that a PUT takes, beside its name and its credential. */
const DECLARED = [
  'resourceId',
  'delivery',
  'organizationId',
  'templates',
  'policy',
  'suspended',
  'pinned',
  'reconcileEveryMinutes',
] as const satisfies readonly (keyof Registry)[];

/** What is declared of the registry beside its credential, as a PUT takes it. What is undefined is left out as JSON. */
export function declarationOf(registry: Registry): Pick<Registry, 'resourceId' | 'policy'> {
  const declared = Object.fromEntries(DECLARED.map(field => [field, registry[field]]));
  return declared as Pick<Registry, (typeof DECLARED)[number]>;
}
