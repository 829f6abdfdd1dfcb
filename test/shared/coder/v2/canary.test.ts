import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { advance, type RoundEnd } from '../../../../shared/coder/v2/advance.ts';
import { Rollout } from '../../../../shared/coder/v2/rollout.ts';
import type { CanaryRule } from '../../../../shared/coder/v2/words.ts';
import { startTestCoder, type TestCoder } from '../../../support/coder-v2.ts';

const NAME = { organization: { id: 'coder', name: 'coder' }, template: 'kubernetes' };
const value = (content: string) => `myacr.azurecr.io/team/base:${content}@sha256:${content.repeat(64)}`;
const BAD = value('b');
const MINUTE_MS = 60_000;

/** What becomes of an image in its container. */
type Behaviour = 'good' | 'silent' | 'failing';

/** A Coder, and what the bridge remembers of its template. */
interface World {
  coder: TestCoder;
  rollout: Rollout;
  /** By the image; what is not here starts well. */
  behaviours: Record<string, Behaviour>;
}

async function startWorld(behaviours: World['behaviours'] = {}): Promise<World> {
  const world = { rollout: Rollout.parse({}), behaviours } as World;
  world.coder = await startTestCoder({
    switches: { buildMs: MINUTE_MS },
    kubelet: {
      start({ images, agents }) {
        const behaviour = world.behaviours[images[0] ?? ''] ?? 'good';
        if (behaviour === 'good') agents.ready();
        if (behaviour === 'failing') agents.fail('\u001b[31minstall.sh: not found\u001b[0m');
      },
    },
  });
  return world;
}

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.coder.standIn.close());

function round(
  { coder, rollout }: World,
  wanted: Record<string, string>,
  canary: CanaryRule = {},
): Promise<RoundEnd> {
  const rules = { isManual: false, restores: false, keepVersions: 10, canary };
  const options = { coder: coder.client, now: coder.clock.now, wanted, ...rules };
  return advance(options, NAME, rollout, AbortSignal.timeout(10_000));
}

/** Rounds, between which Coder ends what is under way, until nothing is left to wait for. */
async function settled(wanted: Record<string, string>, canary: CanaryRule = {}): Promise<RoundEnd> {
  for (let i = 0; i < 60; i += 1) {
    const end = await round(world, wanted, canary);
    expectNothingBadActive(world);
    if (end.do === 'settle') return end;
    world.coder.settle();
  }
  throw new Error('It never settled.');
}

function expectNothingBadActive({ coder, behaviours }: World): void {
  expect(behaviours[coder.activeImage() ?? ''] ?? 'good').toBe('good');
}

const made = ({ coder }: World) => coder.standIn.state().workspaces;
const workspaces = (from: World) => made(from).filter(({ deleted }) => !deleted);

test('a version is promoted after its canary was ready, and the canary is deleted', async () => {
  expect(await settled({ image: value('a') })).toMatchObject({ reason: 'template-updated' });

  expect(world.coder.activeImage()).toBe(value('a'));
  expect(made(world)).toMatchObject([
    { name: expect.stringMatching(/^acr-canary-[0-9a-f]{8}$/), deleted: true },
  ]);
  // Coder stops it if it is lost.
  expect(made(world)[0]?.ttlMs).toBe(25 * MINUTE_MS);
});

test.each([
  ['silent', /not ready within 15 minutes: agent main is timeout/],
  ['failing', /startup script exited with an error\. install\.sh: not found$/],
] as const)('a %s image is never active, and the record has the words', async (behaviour, words) => {
  world.behaviours[BAD] = behaviour;

  expect(await settled({ image: BAD })).toMatchObject({ reason: 'held' });

  expect(world.rollout.canaryFailed.image?.message).toMatch(words);
  expect(workspaces(world)).toEqual([]);
  expect(await settled({ image: value('c') })).toMatchObject({ reason: 'template-updated' });
});

test('a template without what the canary is given is said so, and nothing is promoted', async () => {
  await settled({ image: value('a') }, { preset: 'small' });

  expect(world.rollout.canaryFailed.image?.message).toContain('no preset small');
  expect(world.coder.activeImage()).not.toBe(value('a'));
});

test('of several images that fail together only the bad one is held', async () => {
  world.behaviours[BAD] = 'failing';

  await settled({ image: BAD, pull_secret: value('e') });

  expect(world.rollout.held).toEqual({ image: [BAD] });
  const active = world.coder.standIn.state().versions.find(({ name }) => name.startsWith('acr-e'));
  expect(active?.variables.find(({ name }) => name === 'pull_secret')?.value).toBe(value('e'));
  expect(workspaces(world)).toEqual([]);
});

test('a canary that failed is kept where the rule says so, until the image is tried again', async () => {
  world.behaviours[BAD] = 'failing';
  await settled({ image: BAD }, { keepOnFailure: true });
  const [kept] = workspaces(world);
  expect(world.rollout.canaryFailed.image?.message).toContain(`${kept?.name} of the bridge's user is kept`);

  // As after a replay, when the script was corrected.
  world.behaviours = {};
  world.rollout.held = {};
  await settled({ image: BAD }, { keepOnFailure: true });

  expect(world.coder.activeImage()).toBe(BAD);
  expect(workspaces(world)).toEqual([]);
});

test('a deprecated template is promoted untried, with a warning', async () => {
  world.coder.standIn.controls.deprecate('kubernetes', 'old');

  expect(await settled({ image: value('a') })).toMatchObject({ reason: 'template-updated' });
  expect(world.rollout.last?.warning).toContain('deprecated');
  expect(made(world)).toEqual([]);
});

test("another user's workspace of the name stays", async () => {
  const { standIn } = world.coder;
  const anna = standIn.people.token('anna');
  const template_id = standIn.state().templates[0]?.id;
  const headers = { 'coder-session-token': anna, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'acr-canary-00000000', template_id });
  await fetch(`${standIn.url}/api/v2/users/me/workspaces`, { method: 'POST', headers, body });
  world.coder.clock.advance(60 * MINUTE_MS);

  await settled({ image: value('a') });

  expect(workspaces(world)).toMatchObject([{ name: 'acr-canary-00000000' }]);
});

const NEVER = -1;

describe('whatever call is cut off, nothing bad is ever active and no canary is left', () => {
  test.each([
    ['good', 'before'],
    ['good', 'after'],
    ['failing', 'before'],
    ['failing', 'after'],
    ['silent', 'before'],
    ['silent', 'after'],
  ] as const)('a %s image, %s Coder has done it', async (behaviour, drop) => {
    const calls = await driveCutting(behaviour, NEVER, drop);
    // Each call is cut off once, in a Coder of its own.
    await Promise.all(Array.from({ length: calls }, (_, cut) => driveCutting(behaviour, cut, drop)));
    console.log(`canaries: each of ${calls} calls with a ${behaviour} image was cut off ${drop} it was done`);
    expect(calls).toBeGreaterThan(20);
  });

  /** Goes on in rounds until nothing is left to do. @returns how many calls that took */
  async function driveCutting(behaviour: Behaviour, cut: number, drop: 'before' | 'after'): Promise<number> {
    const own = await startWorld({ [BAD]: behaviour });
    try {
      const calls = await roundsCutting(own, cut, drop);
      expect(own.coder.activeImage() === BAD, `cut at call ${cut}`).toBe(behaviour === 'good');
      expect(workspaces(own), `cut at call ${cut}`).toEqual([]);
      return calls;
    } finally {
      await own.coder.standIn.close();
    }
  }

  async function roundsCutting(own: World, cut: number, drop: 'before' | 'after'): Promise<number> {
    const { faults, requests } = own.coder.standIn;
    const before = requests.all().length;
    let hasFailed = false;
    for (let i = 0; i < 60; i += 1) {
      const asked = requests.all().length - before;
      if (!hasFailed && cut !== NEVER && asked <= cut) {
        if (cut > asked) faults.add({ delayMs: 0, times: cut - asked });
        // Two reads at once are each tried three times.
        faults.add({ drop, times: 6 });
      }
      // What was remembered is lost with the worker, but for what was stored before.
      const stored = structuredClone(own.rollout);
      const end = await round(own, { image: BAD }).catch(() => {
        hasFailed = true;
        own.rollout = stored;
        return undefined;
      });
      faults.clear();
      expectNothingBadActive(own);
      if (end?.do === 'settle') return requests.all().length - before;
      own.coder.settle();
    }
    throw new Error(`It never settled after a cut at call ${cut}.`);
  }
});
