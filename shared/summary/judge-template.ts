import { offerOf } from '../coder/v2/catalog/compose.ts';
import { allWishes, type Rollout } from '../coder/v2/rollout.ts';
import { isSameImage } from '../coder/v2/value.ts';
import type { Cause } from './judge.ts';

/** An import of a template takes seconds, or a few minutes. */
const LONG_MS = 30 * 60_000;

/** Why a template of Coder v2 is not green. */
export function judgeTemplate(rollout: Rollout, now: Date): Cause[] {
  const { name, failed, building } = rollout;
  if (failed && Object.keys(failed.values).every(variable => isStillWanted(rollout, failed, variable))) {
    const remedy = 'Correct the template or the image, then replay the image.';
    return [{ light: 'red', reason: failed.reason, message: failed.message, remedy }];
  }
  const promote = `POST /api/templates/${name?.organization}/${name?.template}/promote`;
  if (building && !building.isApproved && allWishes(rollout).some(({ isManual }) => isManual)) {
    const message = `The version ${building.name} waits for a person to promote it, once Coder has built it.`;
    return [
      {
        light: 'amber',
        reason: 'version-ready',
        message,
        remedy: `Promote it with ${promote}, or in Coder.`,
      },
    ];
  }
  if (!building || now.getTime() - building.since.getTime() <= LONG_MS) return [];
  const message = `The version ${building.name} has been on its way since ${building.since.toISOString()}.`;
  const remedy = 'See the reason of its image, and the build of the version in Coder.';
  return [{ light: 'amber', reason: 'version-waits', message, remedy }];
}

/** Whether what Coder refused for the variable is what it is to hold now. */
function isStillWanted(
  { wishes, catalogs }: Rollout,
  { values, offers }: NonNullable<Rollout['failed']>,
  variable: string,
): boolean {
  const catalog = catalogs[variable];
  if (catalog) return offers?.[variable] === offerOf({ catalog, held: [] });
  return isSameImage(wishes[variable]?.value, values[variable]);
}
