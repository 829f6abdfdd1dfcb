import type { Problem } from './problem.ts';

/** Reasons why a registry cannot be added. */
export const ADDING_REFUSALS = [
  'registry-already-added',
  'registry-changed',
  'registry-busy',
  'credential-kind-not-allowed',
  'azure-refused',
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
  'secrets-unavailable',
  'coder-unavailable',
  'coder-unauthorized',
  'coder-rejected',
  'coder-busy',
] as const satisfies readonly Problem['reason'][];
