import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CatalogWish } from '../../../../shared/coder/v2/catalog/wish.ts';
import { remember } from '../../../../shared/lib/redaction/redact.ts';
import {
  call,
  failureOf,
  goOn,
  MINUTE_MS,
  made,
  round,
  settle,
  startWorld,
  value,
  type World,
  workspaces,
} from './canary-world.ts';

const BAD = value('b');

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.coder.standIn.close());

/** Rounds until this number of canaries was made, and the last of them runs. @returns its id */
async function untilMade(count: number): Promise<string> {
  for (let i = 0; i < 20; i += 1) {
    await round(world, { image: BAD });
    await goOn(world);
    const last = made(world).at(-1);
    if (made(world).length === count && last && !last.deleted) return last.id;
  }
  throw new Error(`There never were ${count} canaries.`);
}

test('a version is promoted after its canary was ready, and the canary is deleted before', async () => {
  expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'template-updated' });

  expect(world.coder.activeImage()).toBe(value('a'));
  expect(made(world)).toMatchObject([
    { name: expect.stringMatching(/^acr-canary-[0-9a-f]{8}$/), deleted: true },
  ]);
  // Coder stops it if it is lost.
  expect(made(world)[0]?.ttlMs).toBe(25 * MINUTE_MS);
});

test.each([
  ['silent', /not ready within 15 minutes: agent main is timeout and created \(agent is taking too long/],
  ['failing', /^Agent main: agent startup script exited with an error\. install\.sh: not found$/],
] as const)('a %s image is never active, and the record has the words', async (behaviour, words) => {
  world.behaviours[BAD] = behaviour;
  world.prints = '\u001b[31minstall.sh: not found\u001b[0m\r\n';

  expect(await settle(world, { image: BAD })).toMatchObject({ reason: 'held' });

  expect(failureOf(world)).toMatch(words);
  expect(workspaces(world)).toEqual([]);
  expect(await settle(world, { image: value('c') })).toMatchObject({ reason: 'template-updated' });
});

test('of what a script printed the record has the end, and no secret, nor half of one', async () => {
  world.behaviours[BAD] = 'failing';
  remember('vq0Wn+pull-mFz81');
  // What is left out of the beginning ends within the secret.
  world.prints = `${'downloading\n'.repeat(500)}refused: vq0Wn+pull-mFz81 ${'x'.repeat(675)} exit status 7\n`;

  await settle(world, { image: BAD });

  expect(failureOf(world)).toMatch(/x exit status 7$/);
  expect(failureOf(world)?.length).toBeLessThan(1_000);
  expect(failureOf(world)).not.toContain('mFz81');
});

test('a canary that people stop or delete is started again, and the image is given up after three', async () => {
  world.behaviours[BAD] = 'silent';
  for (const [time, transition] of ['stop', 'delete', 'delete'].entries()) {
    const id = await untilMade(time + 1);
    await call(world, 'POST', `/workspaces/${id}/builds`, { transition });
  }

  await settle(world, { image: BAD });

  expect(failureOf(world)).toContain('stopped or deleted 3 times');
  expect(made(world)).toHaveLength(3);
});

test('of several images that fail together only the bad one is held', async () => {
  world.behaviours[BAD] = 'failing';

  await settle(world, { image: BAD, pull_secret: value('e') });

  expect(world.rollout.held).toEqual({ image: [BAD] });
  const active = world.coder.standIn.state().versions.find(({ name }) => name.startsWith('acr-e'));
  expect(active?.variables.find(({ name }) => name === 'pull_secret')?.value).toBe(value('e'));
  expect(workspaces(world)).toEqual([]);
});

test('a canary that failed is kept where the rule says so, until the image is tried again', async () => {
  world.behaviours[BAD] = 'failing';
  await settle(world, { image: BAD }, { keepOnFailure: true });
  const [kept] = workspaces(world);
  expect(failureOf(world)).toContain(`${kept?.name} of the bridge's user is kept`);

  // As after a replay, when the script was corrected.
  world.behaviours = {};
  world.rollout.held = {};
  await settle(world, { image: BAD }, { keepOnFailure: true });

  expect(world.coder.activeImage()).toBe(BAD);
  expect(workspaces(world)).toEqual([]);
});

test('a deprecated template is promoted untried, with a warning', async () => {
  world.coder.standIn.controls.deprecate('kubernetes', 'old');

  expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'template-updated' });
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

  await settle(world, { image: value('a') });

  expect(workspaces(world)).toMatchObject([{ name: 'acr-canary-00000000' }]);
});

test('of a catalog the newest image that is new is tried, and one that fails is not offered', async () => {
  const wish = (content: string, minute: number): CatalogWish => ({
    ...{ registry: 'contoso', repository: 'team/base', tag: content, digest: `sha256:${content.repeat(64)}` },
    ...{
      value: value(content),
      pushedOn: new Date(minute * MINUTE_MS),
      rank: 0,
      keepTags: 10,
      choice: 'newest',
    },
  });
  const offer = (...wishes: CatalogWish[]) => {
    world.rollout.catalogs = { images: { 'myacr.azurecr.io/team/base': wishes } };
    return settle(world, {});
  };
  const offered = () => {
    const { templates, versions } = world.coder.standIn.state();
    const active = versions.find(({ id }) => id === templates[0]?.activeVersionId);
    const text = active?.variables.find(({ name }) => name === 'images')?.value ?? '';
    return JSON.parse(text).map(({ id }: { id: string }) => id);
  };
  const tried = () => made(world).map(({ builds }) => builds[0]?.parameters.image);
  world.behaviours[BAD] = 'failing';

  await offer(wish('a', 1), wish('c', 2));
  expect(tried()).toEqual(['team/base:c']);
  await offer(wish('a', 1), wish('c', 2), wish('b', 3));
  expect(tried()).toEqual(['team/base:c', 'team/base:b']);
  expect(offered()).toEqual(['team/base:c', 'team/base:a']);
  expect(world.rollout.canaryFailed).toEqual({
    [`images ${BAD}`]: { value: BAD, message: expect.stringContaining('startup script exited') },
  });

  await offer(wish('a', 1), wish('c', 2), wish('b', 3), wish('d', 4));
  expect(tried().at(-1)).toBe('team/base:d');
  expect(offered()).toEqual(['team/base:d', 'team/base:c', 'team/base:a']);
});
