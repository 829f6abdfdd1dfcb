import type { CanaryCheckOptions } from './canary-check.ts';
import { isAbandoned, isLeft } from './left-canaries.ts';
import type { Rollout } from './rollout.ts';

/**
 * Deletes canaries that no round looks after any more, since their rule or their registry was removed, and forgets them
 * once they are gone.
 * @throws ServiceError
 */
export async function tidyCanaries(
  { coder, rollouts, now }: CanaryCheckOptions,
  signal: AbortSignal,
): Promise<void> {
  for await (const rollout of rollouts.each()) {
    const { canary } = rollout.building ?? {};
    if (!canary || !isAbandoned(rollout, canary.since, now())) continue;
    const found = await coder.findOwnWorkspace(canary.name, signal);
    if (found && isLeft(found, rollout, now())) await coder.deleteWorkspace(found.id, signal);
    if (found) continue;
    const forget = ({ building }: Rollout) => {
      if (building?.canary?.name === canary.name) delete building.canary;
      return undefined;
    };
    await rollouts.round(rollout.at, forget, signal);
  }
}
