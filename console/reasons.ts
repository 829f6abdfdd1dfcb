import type { ImageReason } from '../shared/reasons.ts';

/** The stations of an image on its way, in order. */
export const STATIONS = ['pushed', 'heard', 'decided', 'read', 'built', 'verified', 'promoted'] as const;
export type Station = (typeof STATIONS)[number];

/** What helps, the best first. Those in `ACTS` are done by the bridge at once. */
export type Help =
  | 'replay'
  | 'import'
  | 'promote'
  | 'reconcile'
  | 'policy'
  | 'health'
  | 'credentials'
  | 'setup';

/** Where an image with this reason is, or stopped, and what helps it. */
export const WHERE: Readonly<Record<ImageReason, readonly [station: Station, ...help: Help[]]>> = {
  'image-created': ['promoted'],
  'tag-added': ['promoted'],
  'tag-refreshed': ['promoted'],
  'already-in-coder': ['promoted'],
  'template-updated': ['promoted'],
  'already-in-template': ['promoted'],
  'version-ready': ['verified', 'promote'],

  'no-rule': ['decided', 'policy', 'reconcile'],
  excluded: ['decided', 'policy', 'reconcile'],
  'no-template': ['decided', 'policy', 'reconcile'],
  'not-chosen': ['decided', 'policy'],
  held: ['promoted', 'replay'],
  'not-an-image': ['read'],
  'build-cache': ['read'],
  'not-runnable': ['read'],
  'no-runnable-platform': ['read', 'policy', 'reconcile'],
  suspended: ['decided', 'policy', 'reconcile'],

  importing: ['read'],
  replayed: ['decided'],
  'waiting-for-registry': ['read', 'replay'],
  'waiting-for-platforms': ['read', 'replay', 'policy'],
  'image-locked': ['read', 'replay'],
  'upstream-throttled': ['read', 'replay'],
  'manifest-unreadable': ['read', 'replay'],
  'config-missing': ['read', 'replay'],
  'registry-unavailable': ['read', 'replay', 'health'],
  'registry-unauthorized': ['read', 'replay', 'health'],
  'network-denied': ['read', 'replay', 'health'],
  'token-refused': ['read', 'replay', 'health'],
  'secrets-forbidden': ['built', 'replay', 'health'],
  'secrets-unavailable': ['built', 'replay', 'health'],
  'credential-not-ready': ['built', 'replay', 'credentials'],
  'coder-unavailable': ['built', 'replay', 'health'],
  'coder-cannot-pull': ['built', 'replay', 'health'],
  'coder-busy': ['built', 'replay'],
  'coder-building': ['built'],
  'no-provisioner': ['built', 'replay', 'health'],
  'canary-running': ['verified'],

  'template-missing': ['built', 'replay', 'policy'],
  'variable-missing': ['built', 'replay', 'policy'],
  'variable-sensitive': ['built', 'replay', 'setup'],
  'template-invalid': ['built', 'replay'],
  'template-build-failed': ['built', 'replay'],
  'canary-failed': ['verified', 'replay'],
  'catalog-too-large': ['decided', 'replay', 'policy'],
  'platforms-missing': ['read', 'replay', 'policy'],
  'manifest-missing': ['read', 'replay'],
  'manifest-too-large': ['read', 'replay'],
  'config-unreadable': ['read', 'replay'],
  'coder-rejected': ['built', 'replay'],
  'coder-unauthorized': ['built', 'replay', 'health'],
  'credential-refused': ['built', 'replay', 'credentials'],
  'internal-error': ['read', 'replay'],

  'tag-in-use': ['promoted', 'replay'],
  gone: ['read', 'import'],
  'removed-from-coder': ['read', 'import'],
  'template-fell-back': ['read', 'import'],
  'last-image': ['read', 'import'],
};

/** Also for a reason that a newer release wrote. */
export function whereIs(reason: string): readonly [station: Station, ...help: Help[]] {
  return (WHERE as Record<string, readonly [Station, ...Help[]] | undefined>)[reason] ?? ['read', 'replay'];
}
