import type { Registry } from '../records/registry.ts';

/** What a PUT takes of a registry, beside its credential. */
const DECLARED = [
  'resourceId',
  'delivery',
  'organizationId',
  'templates',
  'policy',
  'suspended',
  'pinned',
  'reconcileEveryMinutes',
] as const;

/** What is declared of the registry beside its credential, as a PUT takes it. What is undefined is left out as JSON. */
export function declarationOf(registry: Registry): Pick<Registry, (typeof DECLARED)[number]> {
  const declared = DECLARED.map(field => [field, registry[field]]);
  return Object.fromEntries(declared);
}
