import type { TagInRegistry } from '../azure/acr/client.ts';
import type { AwaitedPush } from '../records/image.ts';
import { type ImportFacts, type ImportStep, settle } from './step.ts';

/** Looks at a tag that the registry does not show yet are so far apart, and end after so long. */
const LOOK_AGAIN_MS = 10_000;
const LONGEST_LAG_MS = 90_000;

/**
 * The replica that answers may not have a push yet: it shows no manifest, or another one than was pushed. Then it is
 * asked again for a while. Undefined when what it shows counts.
 * https://github.com/Azure/acr/issues/880
 */
export function decideNotShown(facts: ImportFacts): ImportStep | undefined {
  const { found, awaited, listed, pushedOn, now } = facts;
  if (found && (!awaited?.digest || found.digest === awaited.digest)) return undefined;
  if (listed === undefined) return { do: 'read-tag' };
  if (found && listed?.digest === found.digest && listed.pushedOn >= pushedOn) return undefined;
  if (!found && !awaited && !listed) return undefined;

  const until = awaited?.until ?? new Date(now.getTime() + LONGEST_LAG_MS);
  if (now >= until) return found || !listed ? undefined : decideWithoutManifest(listed, facts);
  const shows = found ? `${found.digest} and not yet ${awaited?.digest}` : 'no manifest yet';
  return {
    do: 'record',
    reason: 'waiting-for-registry',
    message: `Under this tag the registry shows ${shows}.`,
    lookAgainOn: new Date(Math.min(until.getTime(), now.getTime() + LOOK_AGAIN_MS)),
    awaited: { ...awaited, until },
  };
}

/** The push that the registry may still not show when an attempt ends before that is known. */
export function stillAwaited(facts: ImportFacts): AwaitedPush | undefined {
  const next = facts.found === undefined ? undefined : decideNotShown(facts)?.do;
  const isOpen = facts.found === undefined || next === 'read-tag' || next === 'read-listed';
  return isOpen ? facts.awaited : undefined;
}

/** https://github.com/Azure/azure-cli/issues/29974 */
function decideWithoutManifest({ digest }: TagInRegistry, facts: ImportFacts): ImportStep {
  if (facts.hasListed === undefined) return { do: 'read-listed', digest };
  const message = `The registry lists the tag with ${digest}, and has no such manifest.`;
  return settle({ reason: 'manifest-missing', message, digest }, facts);
}
