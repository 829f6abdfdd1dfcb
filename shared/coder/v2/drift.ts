import type { VersionFact } from './facts.ts';
import type { Rollout } from './rollout.ts';
import { isSameImage } from './value.ts';

/**
 * How the active version came to name another image in a variable than the bridge's last version did:
 * - `rolled-back`: a person promoted a version that was there before
 * - `overridden`: a person gave the variable a value of their own
 * - `behind`: a version of a person's has an older value, which no person wished for
 */
export type Drift = 'rolled-back' | 'overridden' | 'behind';

export function driftOf(
  { last, past }: Rollout,
  active: Pick<VersionFact, 'createdOn' | 'importedOn'>,
  value: string | undefined,
): Drift {
  if (last && (active.importedOn ?? active.createdOn) < last.createdOn) return 'rolled-back';
  // Coder gives a new version the values of the one that is active when its import begins, so that a push that was
  // under way with the bridge's has those from before.
  const isCopy = past.some(
    old => isSameImage(old.value, value) && !(old.replacedOn && old.replacedOn <= active.createdOn),
  );
  return isCopy ? 'behind' : 'overridden';
}
