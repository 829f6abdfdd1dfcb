import { newestNew } from './catalog/compose.ts';
import { parseCatalog } from './catalog/value.ts';
import { type CanaryFact, type RolloutFacts, type RolloutStep, textOf, type VersionFact } from './facts.ts';
import type { Building, Canary } from './rollout.ts';

/** How the names of the bridge's own workspaces begin. */
export const CANARY_PREFIX = 'acr-canary-';
export const CANARY_MINUTES = 15;
/** How long the deletion is waited for; a later round deletes the canary then. */
const LONGEST_END_MS = 10 * 60_000;
/** How often a canary is started that people stop or delete before it is ready. */
const MOST_STARTS = 3;

/** The same after a crash. Coder takes at most 32 characters. */
export function canaryName(versionId: string): string {
  return `${CANARY_PREFIX}${versionId.replaceAll('-', '').slice(0, 8)}`;
}

/** What comes before the promotion of a version that is built and verified; undefined when it may be promoted. */
export function decideCanary(
  facts: RolloutFacts,
  building: Building,
  ours: VersionFact,
): RolloutStep | undefined {
  const { canary } = building;
  const isWanted = facts.canaryRule && !facts.isDeprecated;
  if (canary?.verdict) {
    const { isReady, message } = canary.verdict;
    const ending = endCanary(facts, building);
    if (ending || isReady) return ending;
    return { do: 'give-up', reason: 'canary-failed', message };
  }
  if (!isWanted) return endCanary(facts, building);
  // Noted before it is started, so that one is always known which may be there.
  if (!canary) {
    const tries = triesOf(facts, building, ours);
    return {
      do: 'note-canary',
      canary: { name: canaryName(ours.id), since: facts.now, starts: 0, ...(tries && { tries }) },
    };
  }
  return decideRunning(facts, canary, ours);
}

/** The newest of the images that are new in each catalog. */
function triesOf(
  { rollout, active }: RolloutFacts,
  { values }: Building,
  ours: VersionFact,
): Canary['tries'] | undefined {
  const tries = Object.keys(values).flatMap(variable => {
    const catalog = rollout.catalogs[variable];
    const [entries, before] = [ours, active].map(version => parseCatalog(textOf(version, variable)) ?? []);
    const entry = catalog && newestNew(entries ?? [], before ?? [], catalog);
    return entry ? [[variable, { id: entry.id, image: entry.image }] as const] : [];
  });
  return tries.length > 0 ? Object.fromEntries(tries) : undefined;
}

function decideRunning(facts: RolloutFacts, canary: Canary, ours: VersionFact): RolloutStep {
  const found = facts.canary;
  if (found === undefined) return { do: 'read-canary', name: canary.name };
  if (found === null) {
    if (canary.starts < MOST_STARTS) return { do: 'start-canary', name: canary.name };
    const message = `It was stopped or deleted ${canary.starts} times before it was ready.`;
    return { do: 'judge-canary', isReady: false, message };
  }
  const isOther = found.versionId !== ours.id || facts.rollout.keptCanaries.includes(canary.name);
  // Coder stops one that the bridge could not look after in time.
  const isStopped = found.transition === 'stop' && found.build === 'succeeded';
  if (found.isDeleting || isOther || isStopped) return endFound(found);
  if (found.build === 'failed' || found.build === 'canceled') {
    const message = `Its build ${found.build === 'failed' ? 'failed' : 'was canceled'}: ${found.error ?? 'Coder does not say why'}.`;
    return { do: 'judge-canary', isReady: false, message };
  }
  const failed = found.agents.filter(({ lifecycle }) => lifecycle === 'start_error');
  const [first] = failed;
  if (first) {
    const message = `Agent ${first.name}: ${first.reason ?? 'its startup script failed'}.`;
    return { do: 'judge-canary', isReady: false, message, agents: failed.map(({ id }) => id) };
  }
  const waiting = found.agents.filter(
    ({ status, lifecycle }) => status !== 'connected' || lifecycle !== 'ready',
  );
  if (found.build === 'succeeded' && waiting.length === 0) {
    return { do: 'judge-canary', isReady: true, message: '' };
  }
  // It may have been started much later than it was noted.
  const since = Math.max(canary.since.getTime(), found.createdOn.getTime());
  if (facts.now.getTime() - since <= minutesOf(facts) * 60_000)
    return { do: 'wait', reason: 'canary-running' };
  const message = `It was not ready within ${minutesOf(facts)} minutes: ${whyLate(found, waiting)}`;
  return { do: 'judge-canary', isReady: false, message, agents: waiting.map(({ id }) => id) };
}

function minutesOf({ canaryRule }: RolloutFacts): number {
  return canaryRule?.timeoutMinutes ?? CANARY_MINUTES;
}

function whyLate({ build }: CanaryFact, waiting: CanaryFact['agents']): string {
  if (build !== 'succeeded') return `its build is ${build}.`;
  const words = waiting.map(
    ({ name, status, lifecycle, reason }) =>
      `agent ${name} is ${status} and ${lifecycle}${reason ? ` (${reason})` : ''}`,
  );
  return `${words.join(', ')}.`;
}

/** What deletes the canary of what is not built any more; undefined when nothing is left to do. */
export function endCanary(facts: RolloutFacts, { canary }: Building): RolloutStep | undefined {
  if (!canary) return undefined;
  const { verdict, name, since } = canary;
  if (verdict && !verdict.isReady && facts.canaryRule?.keepOnFailure) return undefined;
  if (facts.canary === undefined) return { do: 'read-canary', name };
  if (facts.canary === null) return undefined;
  const endsMs = verdict ? verdict.on.getTime() : since.getTime() + minutesOf(facts) * 60_000;
  const isTried = facts.canary.transition === 'delete';
  if (isTried && facts.now.getTime() - endsMs > LONGEST_END_MS) return undefined;
  return endFound(facts.canary);
}

function endFound(found: CanaryFact): RolloutStep {
  const isUnderWay = found.build === 'pending' || found.build === 'running' || found.build === 'canceling';
  return isUnderWay ? { do: 'wait', reason: 'canary-running' } : { do: 'delete-canary', canary: found };
}
