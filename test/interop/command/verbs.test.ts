import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { type App, startSampleApp, until } from '../../support/app.ts';
import { coderOf } from '../../support/coder-v2.ts';
import { runCommand } from '../../support/command.ts';
import { readText } from '../../support/docs.ts';

let app: App;

beforeAll(async () => {
  app = await startSampleApp({ coderGeneration: 'v2' });
});
afterEach(() => app.clearFaults());
afterAll(() => app.close());

const run = (...args: string[]) => runCommand(app, args);
const WORKSPACE = 'samples/workspace';

describe('wait', () => {
  test('ends well when the image that was pushed is in Coder, and gives the reference to pull it by', async () => {
    const digest = await app.push(`${WORKSPACE}:v2`, image({ content: 'v2' }));

    const { code, stdout } = await run('wait', 'contoso', `${WORKSPACE}:v2`, '--digest', digest);

    expect(stdout).toMatch(/^imported contoso\/samples\/workspace:v2: template-updated\n/);
    expect(stdout).toContain(`/${WORKSPACE}@${digest}\n`);
    expect(code).toBe(0);
  });

  test('waits for the digest that was pushed, not for what the tag was before', async () => {
    const waiting = run('wait', 'contoso', `${WORKSPACE}:v2`, '--digest', image({ content: 'v2b' }).digest);
    await app.push(`${WORKSPACE}:v2`, image({ content: 'v2b' }));

    expect(await waiting).toMatchObject({ code: 0 });
  });

  test('needs only the key of the function that reads image records', async () => {
    const BRIDGE_KEY = await app.environment.functionKey('images-get');

    const waited = await runCommand(app, ['wait', 'contoso', `${WORKSPACE}:v1`], { BRIDGE_KEY });
    const refused = await runCommand(app, ['wait', 'contoso', `${WORKSPACE}:v1`], { BRIDGE_KEY: 'wrong' });

    expect(waited.code).toBe(0);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringMatching(/refuses this key/) });
  });

  test('fails with the reason and the remedy of an image that Coder does not get', async () => {
    await app.push('team/other:v1', image());

    const { code, stdout } = await run('wait', 'contoso', 'team/other:v1');

    expect(stdout).toMatch(/^skipped contoso\/team\/other:v1: no-rule\n/);
    expect(readText('docs/wait-in-ci.md')).toContain(`\n${stdout.replace('team/other', 'team/app')}\``);
    expect(code).toBe(1);
  });

  test('says what it waits for, a line for each change, and ends with 4 when the time is up', async () => {
    coderOf(app.environment.cloud).faults.add({ status: 503 });
    await app.push(`${WORKSPACE}:v3`, image({ content: 'v3' }));
    await until(async () => (await app.record(`${WORKSPACE}:v3`))?.reason === 'coder-unavailable');

    const { code, stdout, stderr } = await run('wait', 'contoso', `${WORKSPACE}:v3`, '--timeout', '1');

    expect(stderr.split('\n').filter(line => line.startsWith('pending: coder-unavailable'))).toHaveLength(1);
    expect(stderr).toContain('is not settled after 1 s');
    expect(stdout).toContain('pending contoso/samples/workspace:v3: coder-unavailable');
    expect(code).toBe(4);
  });

  test('of another digest than the tag has it says so, and shows no record of the other', async () => {
    const asked = image({ content: 'never pushed' }).digest;

    const waited = await run('wait', 'contoso', `${WORKSPACE}:v1`, '--digest', asked, '--timeout', '0');

    expect(waited).toMatchObject({ code: 4, stdout: '' });
    expect(waited.stderr).toMatch(
      /:v1 is still about sha256:\w+, not about sha256:\w+, the one asked for, after/,
    );
    expect(waited.stderr).toContain(asked);
  });

  test('takes the name that docker takes, with the login server of the registry', async () => {
    const name = `${app.environment.cloud.standIns.registry.loginServer}/${WORKSPACE}:v1`;
    const BRIDGE_KEY = await app.environment.functionKey('images-get');

    expect(await run('wait', 'contoso', name)).toMatchObject({ code: 0 });
    expect(await runCommand(app, ['wait', 'contoso', name], { BRIDGE_KEY })).toMatchObject({ code: 0 });
    expect(await run('explain', 'contoso', name)).toMatchObject({ code: 0 });
  });

  test.each([
    ['an image that was never pushed', ['contoso', 'none/app:v1', '--timeout', '0'], 4, /does not know/],
    ['an unknown registry', ['contosso', 'team/app:v1'], 2, /There is no registry contosso/],
    ['an image without a tag', ['contoso', 'team/app'], 2, /repository:tag/],
    ['a name that is none', ['contoso', 'UPPER:v1'], 2, /reference must be repository:tag/],
    [
      'a time that is no number',
      ['contoso', 'team/app:v1', '--timeout', 'long'],
      2,
      /option '--timeout <seconds>' argument 'long' is invalid\. It is no whole number/,
    ],
    ['no image', ['contoso'], 2, /missing required argument 'image'/],
  ])('of %s it says so', async (_, args, ends, says) => {
    const { code, stderr } = await run('wait', ...args);

    expect([code, stderr]).toEqual([ends, expect.stringMatching(says)]);
  });
});

describe('what fails can be found, understood and tried again', () => {
  test('images, explain, replay', async () => {
    coderOf(app.environment.cloud).faults.add({ method: 'POST', path: '/templateversions', status: 400 });
    await app.push(`${WORKSPACE}:v4`, image({ content: 'v4' }));
    const waited = await run('wait', 'contoso', `${WORKSPACE}:v4`, '--json');
    const failed = await run('images', 'contoso', '--state', 'failed,pending');
    const red = await run('status');
    const retried = await run('replay', 'contoso', `${WORKSPACE}:v4`);
    app.clearFaults();
    const explained = await run('explain', 'contoso', `${WORKSPACE}:v4`);
    const replayed = await run('replay', 'contoso', `${WORKSPACE}:v4`);

    expect([waited.code, JSON.parse(waited.stdout).state]).toEqual([1, 'failed']);
    expect([failed.code, failed.stdout]).toEqual([
      0,
      expect.stringMatching(/^failed +contoso\/samples\/workspace:v4 +template-invalid/m),
    ]);
    expect([red.code, red.stdout]).toEqual([1, expect.stringMatching(/^red +coder\/kubernetes$/m)]);
    expect(retried.code).toBe(1);
    expect([explained.code, explained.stdout]).toEqual([
      1,
      expect.stringMatching(/^Outcome {3}failed: template-invalid: .*\n.*then replay the image/m),
    ]);
    expect([replayed.code, replayed.stdout]).toEqual([0, expect.stringMatching(/^imported /)]);
  });

  test('explain of an image that Coder has', async () => {
    expect(await run('explain', 'contoso', `${WORKSPACE}:v4`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^Policy {4}import: rule 1 .*\nRegistry {2}image sha256:.*\nOutcome {3}imported: /ms,
      ),
    });
  });

  test('replay of all says that there is none', async () => {
    expect(await run('replay', 'contoso', '--reason', 'coder-rejected')).toMatchObject({
      code: 0,
      stdout: 'There is no such image to try again.\n',
    });
  });
});

test('reconcile that does not wait says that it has started', async () => {
  const started = await run('reconcile', 'contoso', '--dry-run', '--no-wait');

  expect(started.stdout).toBe('The reconciliation of contoso has started.\n');
});

test('reconcile waits for the report', async () => {
  const { code, stdout } = await run('reconcile', 'contoso', '--dry-run');

  expect(stdout).toMatch(/^completed contoso, dry run: (\d+) of \1 tags compared\.\n/);
  expect(code).toBe(0);
});

test('templates, rollback and promote say what the template names then', async () => {
  const before = JSON.parse((await run('templates', 'default/kubernetes', '--json')).stdout);
  const rolledBack = await run('rollback', 'default/kubernetes');
  const listed = await run('templates');

  expect(rolledBack.code).toBe(0);
  expect(rolledBack.stdout).toContain(`held      image = ${before.active.variables.image}`);
  expect(listed.stdout).toBe(rolledBack.stdout);
  expect(await run('promote', 'default/kubernetes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing-to-promote'),
  });
  expect((await run('templates', 'kubernetes')).stdout).toBe(listed.stdout);
  expect(await run('rollback', 'kubernets')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('The bridge knows: coder/kubernetes.'),
  });
});

test('rotate says why it cannot', async () => {
  expect(await run('rotate', 'contoso')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing-to-rotate'),
  });
});

test('status shows each registry and template with its light', async () => {
  const { code, stdout } = await run('status');

  // The timer may have counted the images that failed above.
  expect(stdout).toMatch(/^(?:green|amber) +contoso +/m);
  expect(stdout).toMatch(/^green +coder\/kubernetes$/m);
  expect(code).toBe(0);
});
