import { expect } from 'vitest';
import type { Kubelet } from '../../../../infra/local/stand-ins/coder-v2/context.ts';
import { advance, type RoundEnd } from '../../../../shared/coder/v2/advance.ts';
import { Rollout } from '../../../../shared/coder/v2/rollout.ts';
import type { CanaryRule } from '../../../../shared/coder/v2/words.ts';
import { startTestCoder, type TestCoder } from '../../../support/coder-v2.ts';

const NAME = { organization: { id: 'coder', name: 'coder' }, template: 'kubernetes' };
export const MINUTE_MS = 60_000;

/** What becomes of an image in its container. */
export type Behaviour = 'good' | 'silent' | 'failing';

/** A Coder, and what the bridge remembers of its template. */
export interface World {
  coder: TestCoder;
  rollout: Rollout;
  /** By the image; what is not here starts well. */
  behaviours: Record<string, Behaviour>;
  /** What a failing script prints. */
  prints: string;
  kubelet: Kubelet;
  /** Ends what nodes do in the background. */
  settled?(): Promise<void>;
}

export const value = (content: string) =>
  `myacr.azurecr.io/team/base:${content}@sha256:${content.repeat(64)}`;

/** Imports and builds take a minute each, on a clock that only `settle` moves. */
export async function startWorld(
  more: Partial<Pick<World, 'behaviours' | 'kubelet' | 'settled'>> = {},
): Promise<World> {
  const world = { rollout: Rollout.parse({}), prints: 'no', behaviours: {}, kubelet: none, ...more } as World;
  const kubelet: Kubelet = {
    start(pod) {
      const behaviour = behaviourOf(world, pod.images[0]);
      const ready = () => {
        if (behaviour === 'good') pod.agents.ready();
        if (behaviour === 'failing') pod.agents.fail(world.prints);
      };
      world.kubelet.start({ ...pod, agents: { ...pod.agents, ready } });
    },
  };
  world.coder = await startTestCoder({ switches: { buildMs: MINUTE_MS }, kubelet });
  return world;
}

/** Has every image. */
const none: Kubelet = { start: ({ agents }) => agents.ready() };

function behaviourOf({ behaviours }: World, image = ''): Behaviour {
  return behaviours[image] ?? 'good';
}

/** @throws ServiceError */
export async function round(
  world: World,
  wanted: Record<string, string>,
  canary: CanaryRule = {},
): Promise<RoundEnd> {
  const { coder, rollout } = world;
  const rules = { isManual: false, restores: false, keepVersions: 10, canary };
  const options = { coder: coder.client, now: coder.clock.now, wanted, ...rules };
  return advance(options, NAME, rollout, AbortSignal.timeout(10_000));
}

/** Rounds, between which Coder ends what is under way, until nothing is left to wait for. */
export async function settle(
  world: World,
  wanted: Record<string, string>,
  canary: CanaryRule = {},
): Promise<RoundEnd> {
  for (let i = 0; i < 60; i += 1) {
    const end = await round(world, wanted, canary);
    expectNothingUntried(world, wanted);
    if (end.do === 'settle') return end;
    await goOn(world);
  }
  throw new Error('It never settled.');
}

export async function goOn({ coder, settled }: World): Promise<void> {
  coder.settle();
  await settled?.();
}

/** No bad image is active, and none while its canary is there. */
export function expectNothingUntried(world: World, wanted: Record<string, string>): void {
  const active = world.coder.activeImage() ?? '';
  expect(behaviourOf(world, active), active).toBe('good');
  if (active !== wanted.image) return;
  const { activeVersionId } = world.coder.standIn.state().templates[0] ?? {};
  expect(workspaces(world).filter(({ builds }) => builds[0]?.versionId === activeVersionId)).toEqual([]);
}

/** What is remembered of a canary that failed. */
export const failureOf = ({ rollout }: World) => rollout.canaryFailed.image?.message;

export const made = ({ coder }: World) => coder.standIn.state().workspaces;
export const workspaces = (world: World) => made(world).filter(({ deleted }) => !deleted);

/** A call as the user of the bridge, which the bridge does not make. */
export async function call(
  { coder: { standIn } }: World,
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const token = standIn.people.token('acr-bridge');
  const headers = { 'coder-session-token': token, 'content-type': 'application/json' };
  const answer = await fetch(`${standIn.url}/api/v2${path}`, { method, headers, body: JSON.stringify(body) });
  expect(answer.ok, await answer.text()).toBe(true);
}
