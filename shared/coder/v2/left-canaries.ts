import { CANARY_MINUTES, CANARY_PREFIX } from './decide-canary.ts';
import { canaryRuleOf, type Rollout } from './rollout.ts';
import type { CoderWorkspace } from './schema.ts';
import type { WorkspaceCalls } from './workspace-calls.ts';

/** A round is so much late at most, as after an outage; then the canary's rule, or its registry, is gone. */
const LONGEST_LATE_MS = 30 * 60_000;

/** The canaries of every template. @throws ServiceError */
export function listCanaries(
  coder: Pick<WorkspaceCalls, 'listOwnWorkspaces'>,
  signal: AbortSignal,
): Promise<CoderWorkspace[]> {
  return coder.listOwnWorkspaces(CANARY_PREFIX, signal);
}

/**
 * Whether no round waits for a canary of the template any more, and no person is to look at it: an earlier round could not
 * delete it, its row was damaged, or its rule was removed.
 */
export function isLeft(
  { name, created_at, latest_build }: CoderWorkspace,
  rollout: Pick<Rollout, 'wishes' | 'catalogs' | 'building' | 'keptCanaries'>,
  now: Date,
): boolean {
  const isOver =
    rollout.building?.canary?.name === name
      ? isAbandoned(rollout, created_at, now)
      : now.getTime() - created_at.getTime() > longestMs(rollout);
  return isOver && !rollout.keptCanaries.includes(name) && !isEnding(latest_build);
}

/** Whether a round would have ended the canary long ago that is awaited since then. */
export function isAbandoned(rollout: Pick<Rollout, 'wishes' | 'catalogs'>, since: Date, now: Date): boolean {
  return now.getTime() - since.getTime() > longestMs(rollout) + LONGEST_LATE_MS;
}

function longestMs(rollout: Pick<Rollout, 'wishes' | 'catalogs'>): number {
  return (canaryRuleOf(rollout)?.timeoutMinutes ?? CANARY_MINUTES) * 60_000;
}

/** It is being deleted. */
export function isEnding({ transition, job }: CoderWorkspace['latest_build']): boolean {
  return transition === 'delete' && job.status !== 'failed' && job.status !== 'canceled';
}
