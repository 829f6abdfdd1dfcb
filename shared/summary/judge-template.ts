import type { Rollout } from '../coder/v2/rollout.ts';
import { isSameImage } from '../coder/v2/value.ts';
import type { Cause } from './judge.ts';

/** An import of a template takes seconds, or a few minutes. */
const LONG_MS = 30 * 60_000;

/** Why a template of Coder v2 is not green. */
export function judgeTemplate({ name, wishes, failed, building }: Rollout, now: Date): Cause[] {
  const isStillWanted = ([variable, value]: [string, string]) => isSameImage(wishes[variable]?.value, value);
  if (failed && Object.entries(failed.values).every(isStillWanted)) {
    const remedy = 'Correct the template or the image, then replay the image.';
    return [{ light: 'red', reason: failed.reason, message: failed.message, remedy }];
  }
  if (!building || now.getTime() - building.since.getTime() <= LONG_MS) return [];
  const message = `The version ${building.name} has been built, or has waited for a person to promote it, since ${building.since.toISOString()}.`;
  const remedy = `If it waits: POST /api/templates/${name?.organization}/${name?.template}/promote.`;
  return [{ light: 'amber', reason: 'version-waits', message, remedy }];
}
