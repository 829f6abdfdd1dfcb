import type { Problem } from './problem.ts';

/** Reasons why Key Vault does not give, store or delete a secret. */
export const VAULT_REFUSALS = [
  'network-denied',
  'token-refused',
  'secrets-forbidden',
  'secrets-unavailable',
] as const satisfies readonly Problem['reason'][];

/** Reasons why a registry cannot be added. */
export const ADDING_REFUSALS = [
  'registry-already-added',
  'registry-changed',
  'registry-busy',
  'credential-kind-not-allowed',
  'azure-refused',
  'disallowed-by-policy',
  'scope-locked',
  'admin-disabled',
  'belongs-to-others',
  'graph-unavailable',
  'delivery-refused',
  'cluster-unavailable',
  'registry-not-found',
  'registry-not-readable',
  'registry-not-reachable',
  'host-not-allowed',
  'credential-refused',
  'conflict',
  'registry-unavailable',
  'registry-unauthorized',
  ...VAULT_REFUSALS,
  'coder-unavailable',
  'coder-unauthorized',
  'coder-rejected',
  'coder-busy',
] as const satisfies readonly Problem['reason'][];
