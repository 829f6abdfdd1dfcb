import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { problemOf } from '../../../../shared/api/problem.ts';
import { timeLimit } from '../../../../shared/lib/time-limit.ts';
import { reconcile } from '../../../../shared/reconciliation/reconcile.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';
import { activeVersion, coderOf, createTemplate } from '../../../support/coder-v2.ts';
import { damageRow } from '../../../support/damage.ts';

// What the bridge remembers of one template cannot be read, and what it remembers of another can.

const NEWER = { version: 99 };

let bridge: Bridge;
let row: string;
const activeImage = (template: string) => activeVersion(bridge.cloud, template)?.image;
const templates = () => bridge.services.templates as NonNullable<typeof bridge.services.templates>;
const named = (template: string) => ({ organization: 'default', template });

beforeAll(async () => {
  bridge = await startBridge({ coderGeneration: 'v2' });
  for (const name of ['broken', 'sound']) await createTemplate(bridge.cloud, name);
  const rules = ['broken', 'sound'].map(template => ({
    repository: `team/${template}`,
    templates: [{ template }],
  }));
  await bridge.put({ policy: { rules } });
  row = `${coderOf(bridge.cloud).state().templates[0]?.organizationId}|broken`;
});
afterAll(() => bridge.close());

async function pushed(reference: string, content: string): Promise<string> {
  const digest = await bridge.push(reference, image({ content }));
  await bridge.pushed(reference);
  return digest;
}

async function compare() {
  await bridge.services.reports.start('contoso', false);
  await reconcile(bridge.services, 'contoso', timeLimit(20_000), bridge.log);
  return bridge.services.reports.get('contoso');
}

describe.each<[string, Record<string, unknown>]>([
  ['is damaged', { rollout: '{"wishes":5}' }],
  ['was written by a newer release', NEWER],
])('the row of a template that %s', (_, columns) => {
  let repair: () => Promise<void>;
  beforeEach(async () => {
    await pushed('team/broken:v1', crypto.randomUUID());
    await pushed('team/sound:v1', 'one');
    repair = await damageRow(bridge, ['images', '@templates', row], columns);
  });
  afterEach(() => repair());

  test('is left out of the list, and GET says why', async () => {
    const listed = await templates().list(timeLimit(20_000));
    const error = await templates()
      .get(named('broken'), timeLimit(20_000))
      .catch(thrown => thrown);

    expect(listed.map(({ template }) => template)).toEqual(['sound']);
    expect(problemOf(error)).toMatchObject({
      ...{ status: 500, reason: 'record-unreadable', detail: expect.stringContaining(`@templates/${row}`) },
    });
  });

  test('stops no push to another template, and no comparison', async () => {
    const digest = await pushed('team/sound:v2', crypto.randomUUID());
    expect(activeImage('sound')).toContain(digest);

    await bridge.untag('team/sound:v1');
    expect(await compare()).toMatchObject({ state: 'completed' });
    expect(await bridge.record('team/sound:v1')).toMatchObject({ state: 'removed' });
  });
});

test('a damaged row is written anew by the next push of the template', async () => {
  await damageRow(bridge, ['images', '@templates', row], { rollout: '{' });
  const digest = await pushed('team/broken:v1', crypto.randomUUID());

  expect(activeImage('broken')).toContain(digest);
  expect(await templates().get(named('broken'), timeLimit(20_000))).toMatchObject({ template: 'broken' });
});

test('a row that a newer release wrote is written over by no push, which is delivered again', async () => {
  const repair = await damageRow(bridge, ['images', '@templates', row], NEWER);
  const before = activeImage('broken');

  await expect(pushed('team/broken:v1', crypto.randomUUID())).rejects.toThrow('newer release');
  expect(activeImage('broken')).toBe(before);
  await repair();
});
