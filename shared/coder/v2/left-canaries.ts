import { CANARY_MINUTES, CANARY_PREFIX } from './decide-canary.ts';
import type { Rollout } from './rollout.ts';
import type { CoderWorkspace } from './schema.ts';
import type { CanaryRule } from './words.ts';
import type { WorkspaceCalls } from './workspace-calls.ts';

/** The canaries of every template. @throws ServiceError */
export function listCanaries(
  coder: Pick<WorkspaceCalls, 'listOwnWorkspaces'>,
  signal: AbortSignal,
): Promise<CoderWorkspace[]> {
  return coder.listOwnWorkspaces(CANARY_PREFIX, signal);
}

/**
 * Whether nothing waits for a canary of the template any more, and nobody is to look at it: an earlier round could not
 * delete it, or its row was damaged.
 */
export function isLeft(
  { name, created_at, latest_build }: CoderWorkspace,
  { building, keptCanaries }: Pick<Rollout, 'building' | 'keptCanaries'>,
  rule: CanaryRule,
  now: Date,
): boolean {
  const longestMs = (rule.timeoutMinutes ?? CANARY_MINUTES) * 60_000;
  const isOld = now.getTime() - created_at.getTime() > longestMs;
  return isOld && building?.canary?.name !== name && !keptCanaries.includes(name) && !isEnding(latest_build);
}

/** It is being deleted. */
export function isEnding({ transition, job }: CoderWorkspace['latest_build']): boolean {
  return transition === 'delete' && job.status !== 'failed' && job.status !== 'canceled';
}
