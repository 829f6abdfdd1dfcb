import { CANARY_MINUTES, CANARY_PREFIX } from './decide-canary.ts';
import { canaryRuleOf, type Rollout } from './rollout.ts';
import type { CoderWorkspace } from './schema.ts';
import type { WorkspaceCalls } from './workspace-calls.ts';

/** The canaries of every template. @throws ServiceError */
export function listCanaries(
  coder: Pick<WorkspaceCalls, 'listOwnWorkspaces'>,
  signal: AbortSignal,
): Promise<CoderWorkspace[]> {
  return coder.listOwnWorkspaces(CANARY_PREFIX, signal);
}

/**
 * Whether no round waits for a canary of the template any more, and no person is to look at it: an earlier round could not
 * delete it, or its row was damaged.
 */
export function isLeft(
  { name, created_at, latest_build }: CoderWorkspace,
  rollout: Pick<Rollout, 'wishes' | 'catalogs' | 'building' | 'keptCanaries'>,
  now: Date,
): boolean {
  const longestMs = (canaryRuleOf(rollout)?.timeoutMinutes ?? CANARY_MINUTES) * 60_000;
  const isOld = now.getTime() - created_at.getTime() > longestMs;
  const isKnown = rollout.building?.canary?.name === name || rollout.keptCanaries.includes(name);
  return isOld && !isKnown && !isEnding(latest_build);
}

/** It is being deleted. */
export function isEnding({ transition, job }: CoderWorkspace['latest_build']): boolean {
  return transition === 'delete' && job.status !== 'failed' && job.status !== 'canceled';
}
