import { newestNew } from './catalog/compose.ts';
import { parseCatalog } from './catalog/value.ts';
import { type CanaryFact, type RolloutFacts, type RolloutStep, textOf, type VersionFact } from './facts.ts';
import type { Building, Canary } from './rollout.ts';

/** How the names of the bridge's own workspaces begin. */
export const CANARY_PREFIX = 'acr-canary-';
export const CANARY_MINUTES = 15;
/** How long the deletion is waited for; a later round deletes the canary then. */
const LONGEST_END_MS = 10 * 60_000;

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
      canary: { name: canaryName(ours.id), since: facts.now, ...(tries && { tries }) },
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
  const minutes = facts.canaryRule?.timeoutMinutes ?? CANARY_MINUTES;
  const isOver = facts.now.getTime() - canary.since.getTime() > minutes * 60_000;
  const late = `It was not ready within ${minutes} minutes:`;
  if (found === null) {
    if (isOver) return { do: 'judge-canary', isReady: false, message: `${late} there is no such workspace.` };
    return { do: 'start-canary', name: canary.name };
  }
  const isOther = found.versionId !== ours.id || facts.rollout.keptCanaries.includes(canary.name);
  if (found.isDeleting || isOther) return endFound(found);
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
  if (found.build === 'succeeded' && found.isStart && waiting.length === 0) {
    return { do: 'judge-canary', isReady: true, message: '' };
  }
  if (!isOver) return { do: 'wait', reason: 'canary-running' };
  return {
    do: 'judge-canary',
    isReady: false,
    message: `${late} ${whyLate(found, waiting)}`,
    agents: waiting.map(({ id }) => id),
  };
}

function whyLate({ build, isStart }: CanaryFact, waiting: CanaryFact['agents']): string {
  if (!isStart) return 'it was stopped.';
  if (build !== 'succeeded') return `its build is ${build}.`;
  const words = waiting.map(
    ({ name, status, lifecycle, reason }) => `agent ${name} is ${status} and ${lifecycle} (${reason ?? ''})`,
  );
  return `${words.join(', ')}.`;
}

/** What deletes the canary of what is not built any more; undefined when nothing is left to do. */
export function endCanary(facts: RolloutFacts, { canary }: Building): RolloutStep | undefined {
  if (!canary) return undefined;
  const { verdict, name } = canary;
  if (verdict && !verdict.isReady && facts.canaryRule?.keepOnFailure) return undefined;
  if (facts.canary === undefined) return { do: 'read-canary', name };
  if (facts.canary === null) return undefined;
  if (verdict && facts.now.getTime() - verdict.on.getTime() > LONGEST_END_MS) return undefined;
  return endFound(facts.canary);
}

function endFound(found: CanaryFact): RolloutStep {
  const isUnderWay = found.build === 'pending' || found.build === 'running' || found.build === 'canceling';
  return isUnderWay ? { do: 'wait', reason: 'canary-running' } : { do: 'delete-canary', canary: found };
}
