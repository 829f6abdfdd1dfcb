import * as z from 'zod';
import { minutesForCopies } from '../credentials/renewal.ts';
import type { Declared } from '../credentials/state.ts';
import type { Fault } from '../errors.ts';

/** How often a copy of the credential is read anew where the bridge cannot see it. */
export const RefreshMinutes = z.int().min(1).max(1_440).default(60);

/** A read may just have taken place before the credential changed, and the next one may fail once. */
const READS_TO_BE_SURE = 2;

/** How long after a delivery a copy may still have the credential before. */
export function minutesUntilCopied(refreshMinutes: number): number {
  return READS_TO_BE_SURE * refreshMinutes;
}

/** A copy must not outlive the credential in it. */
export function refuseRefresh(refreshMinutes: number, credential: Declared): Fault[] {
  const minutes = minutesForCopies(credential);
  if (minutes === undefined || minutesUntilCopied(refreshMinutes) <= minutes) return [];
  const message = `must be at most ${Math.floor(minutes / READS_TO_BE_SURE)} with this credential of kind ${credential.kind}: a copy may be ${minutesUntilCopied(refreshMinutes)} minutes old, and the credential ends before`;
  return [{ path: 'delivery.refreshMinutes', message }];
}
