import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canaryName } from '../../../../shared/coder/v2/decide-canary.ts';
import {
  call,
  failureOf,
  goOn,
  made,
  round,
  settle,
  startWorld,
  value,
  type World,
  workspaces,
} from './canary-world.ts';

// What Coder answers when a canary is to be started.

const BAD = value('b');

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.coder.standIn.close());

/** A person pushes the template with this in place of its source. */
function pushSource(source: string): void {
  const files = {
    'main.tf': `variable "image" {\n  type    = string\n  default = "ubuntu:24.04"\n}\n${source}`,
  };
  world.coder.standIn.controls.pushTemplate({ template: 'kubernetes', user: 'anna', files });
  world.coder.settle();
}

const ours = () => world.coder.standIn.state().versions.find(({ name }) => name.startsWith('acr-'));

test('in a template without agents a build that succeeds is enough', async () => {
  pushSource('resource "kubernetes_pod" "main" {\n  image = var.image\n}\n');

  expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'template-updated' });

  expect(made(world)).toMatchObject([{ deleted: true, builds: [{ transition: 'start' }, {}] }]);
});

test.each([
  ['a preset that it lacks', { preset: 'small' }, /no preset small/],
  [
    'a value that it does not offer',
    { parameters: { size: 'huge' } },
    /does not start a workspace\..* 400, .*size/,
  ],
  ['no value for what it asks for', {}, /does not start a workspace\..* 400, .*size/],
])('a template that is given %s is said so, and nothing is promoted', async (_, canary, words) => {
  const option = (size: string) => `  option {\n    name  = "${size}"\n    value = "${size}"\n  }\n`;
  pushSource(`data "coder_parameter" "size" {\n  name = "size"\n${option('small')}${option('large')}}\n`);

  await settle(world, { image: value('a') }, canary);

  expect(failureOf(world)).toMatch(words);
  expect(world.coder.activeImage()).not.toBe(value('a'));
  expect(made(world)).toEqual([]);
});

describe('a name that is taken', () => {
  /** The bridge's user has a workspace of the name from the version that is active now. */
  async function takeName(): Promise<void> {
    while (!ours()) {
      await round(world, { image: BAD });
      world.coder.settle();
    }
    const { id } = ours() as { id: string };
    const { activeVersionId } = world.coder.standIn.state().templates[0] ?? {};
    await call(world, 'POST', '/users/me/workspaces', {
      name: canaryName(id),
      template_version_id: activeVersionId,
    });
    await goOn(world);
  }

  test('by a workspace of another version is made free', async () => {
    await takeName();
    await settle(world, { image: BAD });

    expect(world.coder.activeImage()).toBe(BAD);
    expect(made(world)).toMatchObject([{ deleted: true }, { deleted: true }]);
  });

  test('in the very moment of the start is looked at, and the image is tried all the same', async () => {
    await takeName();
    world.behaviours[BAD] = 'failing';
    // The look before the start finds none, so that Coder answers the start with 409.
    world.coder.standIn.faults.add({ method: 'GET', path: 'users/me/workspace/', status: 404, times: 1 });
    await settle(world, { image: BAD });

    const starts = world.coder.standIn.requests
      .all()
      .filter(({ path }) => path === '/api/v2/users/me/workspaces');
    expect(starts).toHaveLength(3);
    expect(failureOf(world)).toContain('exited with an error');
    expect(workspaces(world)).toEqual([]);
  });
});

test('without the right to make workspaces nothing is promoted, and with it the work goes on', async () => {
  const { controls } = world.coder.standIn;
  controls.revokeRight('acr-bridge', 'workspace:create');

  await expect(settle(world, { image: value('a') })).rejects.toMatchObject({ reason: 'coder-unauthorized' });

  expect(world.coder.activeImage()).not.toBe(value('a'));
  controls.revokeRight('acr-bridge', 'workspace:create', true);
  expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'template-updated' });
});

/** A person archives the version that is being tried. */
const archive = () => call(world, 'POST', `/templateversions/${ours()?.id}/archive`, {});

describe('a version that a person archives', () => {
  test('before its canary starts is held, until the image is tried again', async () => {
    while (!world.rollout.building?.canary) {
      await round(world, { image: value('a') });
      world.coder.settle();
    }
    await archive();

    expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'held' });
    expect(world.rollout.held).toEqual({ image: [value('a')] });
    expect(failureOf(world)).toBeUndefined();
    expect(ours()).toMatchObject({ archived: true });

    // As a replay does.
    world.rollout.held = {};
    expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'template-updated' });
  });

  test('in the very moment of the start is held, too', async () => {
    const { client } = world.coder;
    world.coder.client = {
      ...client,
      async createWorkspace(...workspace) {
        await archive();
        await client.createWorkspace(...workspace);
      },
    };

    expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'held' });
    expect(made(world)).toEqual([]);
  });

  test('after its canary was deleted is held, too', async () => {
    while (ours()?.archived !== true) {
      await round(world, { image: value('a') });
      await goOn(world);
      if (made(world)[0]?.deleted) await archive();
    }

    expect(await settle(world, { image: value('a') })).toMatchObject({ reason: 'held' });
    expect(world.coder.activeImage()).not.toBe(value('a'));
  });
});
