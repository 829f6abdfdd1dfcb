import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { advance, type RoundEnd } from '../../../../shared/coder/v2/advance.ts';
import { Rollout } from '../../../../shared/coder/v2/rollout.ts';
import { SAMPLE, startTestCoder, type TestCoder } from '../../../support/coder-v2.ts';

const NAME = { organization: { id: 'coder', name: 'coder' }, template: 'kubernetes' };
const value = (content: string) => `myacr.azurecr.io/team/base:${content}@sha256:${content.repeat(64)}`;

let coder: TestCoder;
let rollout: Rollout;

beforeEach(async () => {
  coder = await startTestCoder();
  rollout = Rollout.parse({});
});
afterEach(() => coder.standIn.close());

/** One round, with what Coder and the bridge remember from the rounds before. */
function round(wanted: string | Record<string, string>, more = {}): Promise<RoundEnd> {
  const values = typeof wanted === 'string' ? { image: wanted } : wanted;
  const rules = { isManual: false, restores: false, keepVersions: 10, ...more };
  const options = { coder: coder.client, now: coder.clock.now, wanted: values, ...rules };
  return advance(options, NAME, rollout, AbortSignal.timeout(10_000));
}

async function rollOut(image: string, more = {}): Promise<RoundEnd> {
  await round(image, more);
  coder.settle();
  return round(image, more);
}

const versions = () => coder.standIn.state().versions;
const named = (name: string) => versions().filter(version => version.name.startsWith(name));

test('an image becomes a version of the template, which is promoted once it is built', async () => {
  expect(await round(value('b'))).toMatchObject({ do: 'wait', reason: 'coder-building' });
  expect(coder.activeImage()).not.toBe(value('b'));
  coder.settle();

  expect(await round(value('b'))).toMatchObject({ do: 'settle', reason: 'template-updated' });
  expect(coder.activeImage()).toBe(value('b'));
  expect(named('acr-')).toHaveLength(1);
});

test('another tag of the same digest makes no other version', async () => {
  await rollOut(value('b'));

  const latest = value('b').replace(':b@', ':latest@');
  expect(await round(latest)).toMatchObject({ do: 'settle', reason: 'template-updated' });
  expect(named('acr-')).toHaveLength(1);
});

test('other variables keep their values', async () => {
  await rollOut(value('b'));

  const active = versions().find(({ name }) => name.startsWith('acr-b'));
  expect(active?.variables.find(({ name }) => name === 'namespace')?.value).toBe('coder');
});

test('when a person pushes source meanwhile, in the end both are active', async () => {
  await round(value('b'));
  const files = { 'main.tf': `${await readFile(SAMPLE, 'utf8')}\n# of a person\n` };
  coder.standIn.controls.pushTemplate({ template: 'kubernetes', user: 'anna', files });
  coder.settle();
  expect(await round(value('b'))).toMatchObject({ do: 'wait', reason: 'coder-building' });
  coder.settle();

  expect(await round(value('b'))).toMatchObject({ reason: 'template-updated' });
  const { files: stored, templates } = coder.standIn.state();
  const active = versions().find(({ id }) => id === templates[0]?.activeVersionId);
  const file = stored.find(({ id }) => id === active?.job.fileId);
  expect(Buffer.from(file?.content ?? '').toString()).toContain('# of a person');
  expect(coder.activeImage()).toBe(value('b'));
});

describe('what a person chooses in Coder stays', () => {
  test('an older version, until another digest is pushed', async () => {
    await rollOut(value('a'));
    await rollOut(value('b'));
    coder.standIn.controls.promote('kubernetes', named('acr-a')[0]?.id as string);

    expect(await round(value('b'))).toMatchObject({ do: 'settle', reason: 'held' });
    expect(coder.activeImage()).toBe(value('a'));
    expect(await rollOut(value('c'))).toMatchObject({ reason: 'template-updated' });
    expect(coder.activeImage()).toBe(value('c'));
  });

  test('an older version comes back where the rule restores', async () => {
    await rollOut(value('a'));
    await rollOut(value('b'));
    coder.standIn.controls.promote('kubernetes', named('acr-a')[0]?.id as string);

    expect(await round(value('b'), { restores: true })).toMatchObject({ reason: 'template-updated' });
    expect(coder.activeImage()).toBe(value('b'));
  });

  test('an older version that Terraform promotes again stays, even where the rule restores', async () => {
    await rollOut(value('a'));
    await rollOut(value('b'));
    const older = named('acr-a')[0]?.id as string;
    coder.standIn.controls.promote('kubernetes', older);
    await round(value('b'), { restores: true });
    coder.standIn.controls.promote('kubernetes', older);

    expect(await round(value('b'), { restores: true })).toMatchObject({ do: 'settle', reason: 'held' });
    expect(coder.activeImage()).toBe(value('a'));
  });

  test('an image of their own, until another digest is pushed', async () => {
    await rollOut(value('b'));
    coder.standIn.controls.setVariable('kubernetes', 'image', 'ubuntu:24.04');
    coder.settle();

    expect(await round(value('b'))).toMatchObject({ reason: 'held' });
    expect(coder.activeImage()).toBe('ubuntu:24.04');
  });
});

test('what a person chose for one variable stays when another digest is pushed for another', async () => {
  const both = (image: string) => ({ image: value(image), pull_secret: value('e') });
  await round(both('a'));
  coder.settle();
  await round(both('a'));
  coder.standIn.controls.setVariable('kubernetes', 'pull_secret', 'of-a-person');
  coder.settle();

  await round(both('b'));
  coder.settle();
  expect(await round(both('b'))).toMatchObject({ do: 'settle', reason: 'held' });
  expect(coder.activeImage()).toBe(value('b'));
  const active = versions().find(({ name }) => name.startsWith('acr-b'));
  expect(active?.variables.find(({ name }) => name === 'pull_secret')?.value).toBe('of-a-person');
});

test('a version that a person is to promote is built once and stays ready', async () => {
  expect(await rollOut(value('b'), { isManual: true })).toMatchObject({ reason: 'version-ready' });
  expect(await round(value('b'), { isManual: true })).toMatchObject({ reason: 'version-ready' });
  expect(coder.activeImage()).not.toBe(value('b'));
  expect(named('acr-b')).toHaveLength(1);
});

test('a variable that the template does not declare is named, and nothing is built', async () => {
  const end = await round({ imge: value('b') });

  expect(end).toMatchObject({ do: 'settle', reason: 'variable-missing' });
  expect(end.do === 'settle' && end.message).toContain('imge');
  expect(named('acr-')).toEqual([]);
});

test('an import that fails is quoted, archived and not repeated', async () => {
  coder.standIn.controls.failNextImport('exit status 1: no such namespace');

  const end = await rollOut(value('b'));
  expect(end).toMatchObject({ do: 'settle', reason: 'template-build-failed' });
  expect(end.do === 'settle' && end.message).toContain('no such namespace');
  expect(await round(value('b'))).toMatchObject({ reason: 'template-build-failed' });
  expect(named('acr-')).toMatchObject([{ archived: true }]);
});

test('a template that is not there is said so', async () => {
  coder.standIn.controls.deleteTemplate('kubernetes');

  expect(await round(value('b'))).toMatchObject({ do: 'settle', reason: 'template-missing' });
});

test('a token without the right is told at once', async () => {
  coder.standIn.controls.revokeRight('acr-bridge', 'template:update');

  await expect(rollOut(value('b'))).rejects.toMatchObject({ reason: 'coder-unauthorized' });
});

test('an import that no provisioner takes waits, and is given up before Coder does', async () => {
  coder.standIn.controls.setProvisioners([]);
  // Until then Coder takes it to be only slow.
  coder.clock.advance(5 * 60_000);
  expect(await round(value('b'))).toMatchObject({ do: 'wait', reason: 'no-provisioner' });
  coder.clock.advance(26 * 60_000);

  expect(await round(value('b'))).toMatchObject({ do: 'settle', reason: 'template-build-failed' });
});

test('only as many versions of the bridge stay as the rule says, and those of people stay', async () => {
  for (const content of ['a', 'b', 'c', 'd']) await rollOut(value(content), { keepVersions: 2 });

  expect(named('acr-').filter(({ archived }) => !archived)).toHaveLength(2);
  expect(versions().filter(({ name, archived }) => !name.startsWith('acr-') && archived)).toEqual([]);
});

const NEVER = -1;

describe('whatever call is cut off, one version of the digest is promoted', () => {
  test.each(['before', 'after'] as const)('%s Coder has done it', async drop => {
    const calls = await rollOutCutting(NEVER, drop);
    // Each call is cut off once, in a Coder of its own.
    for (let cut = 0; cut < calls; cut += 1) {
      await coder.standIn.close();
      coder = await startTestCoder();
      rollout = Rollout.parse({});
      await rollOutCutting(cut, drop);
      expect(coder.activeImage(), `cut at call ${cut}`).toBe(value('b'));
      expect(
        named('acr-').filter(({ archived }) => !archived),
        `cut at call ${cut}`,
      ).toHaveLength(1);
    }
    console.log(`crashes: each of ${calls} calls of a rollout was cut off ${drop} Coder had done it`);
    expect(calls).toBeGreaterThan(10);
  });

  /** Goes on in rounds until the image is active. @returns how many calls that took */
  async function rollOutCutting(cut: number, drop: 'before' | 'after'): Promise<number> {
    const { faults, requests } = coder.standIn;
    const before = requests.all().length;
    let hasFailed = false;
    const isActive = () => coder.activeImage() === value('b') && rollout.last !== undefined;
    for (let i = 0; i < 8 && !isActive(); i += 1) {
      const asked = requests.all().length - before;
      if (!hasFailed && cut !== NEVER && asked <= cut) cutAfter(cut - asked, drop);
      // What was remembered is lost with the worker, but for what was stored before.
      const stored = structuredClone(rollout);
      await round(value('b')).catch(() => {
        hasFailed = true;
        rollout = stored;
      });
      faults.clear();
      coder.settle();
    }
    return requests.all().length - before;
  }

  /** Cuts the connection at the call that comes after this many others. */
  function cutAfter(calls: number, drop: 'before' | 'after'): void {
    if (calls > 0) coder.standIn.faults.add({ delayMs: 0, times: calls });
    // Two reads at once are each tried three times.
    coder.standIn.faults.add({ drop, times: 6 });
  }
});
