import { ServiceError, UnreadableRowError } from '../../errors.ts';
import { type Check, fine, unclear, wrong } from '../../lib/check.ts';
import type { TargetDiagnosis } from '../target.ts';
import type { V2Client } from './client.ts';
import { isLeft, listCanaries } from './left-canaries.ts';
import { Rollout } from './rollout.ts';
import type { Rollouts } from './rollout-table.ts';
import type { CoderWorkspace } from './schema.ts';

export interface CanaryCheckOptions {
  coder: V2Client;
  rollouts: Rollouts;
  now: () => Date;
}

/** Whether Coder still has workspaces of earlier canaries, of whatever template; each costs what a workspace costs. */
export function canaryCheck({ coder, rollouts, now }: CanaryCheckOptions): Check<TargetDiagnosis> {
  async function rolloutOf(workspace: CoderWorkspace): Promise<Rollout> {
    const organization = { id: workspace.organization_id, name: workspace.organization_name };
    return rollouts.read({ organization, template: workspace.template_name }).catch((error: unknown) => {
      if (error instanceof UnreadableRowError) return Rollout.parse({});
      throw error;
    });
  }

  return {
    name: 'canary-left',
    truth: 'No workspace with which the bridge tried an image is left in Coder.',
    needs: ['coder-token', 'tables'],
    async run({ signal }) {
      try {
        const left: CoderWorkspace[] = [];
        for (const workspace of await listCanaries(coder, signal)) {
          if (isLeft(workspace, await rolloutOf(workspace), now())) left.push(workspace);
        }
        if (left.length === 0) return fine('Coder has no canary that is not needed any more.');
        const names = left.map(({ name, template_name }) => `${name} of ${template_name}`).join(', ');
        const commands = left.map(({ owner_name, name }) => `coder delete ${owner_name}/${name} --yes`);
        return wrong('canary-left', `Coder still has ${names}.`, commands.join('\n'));
      } catch (error) {
        if (error instanceof ServiceError) return unclear(error.message);
        throw error;
      }
    },
  };
}
