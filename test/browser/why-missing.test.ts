import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageWords } from '../../console/page-words.ts';
import { image } from '../../infra/local/oci-image.ts';
import { IMAGE_REASONS, type ImageReason, REASONS, remedyOf } from '../../shared/reasons.ts';
import { imageKey } from '../../shared/records/keys.ts';
import { until } from '../support/app.ts';
import { activeVersion } from '../support/coder-v2.ts';
import { type Opened, openPage, printedUrl, startBrowser } from './browser.ts';
import { SOURCE, startWorld, type World } from './world.ts';

// From the address that npm start prints to why an image is missing, and with the remedy to an image that is there.

/** A person need not do anything about these. */
const PASSING: readonly string[] = ['importing', 'replayed', 'coder-building', 'canary-running'];
const STEP_MS = 20_000;
const OTHER = image({ content: 'other' });

let browser: Browser;
let world: World;
let opened: Opened;
let page: Page;
beforeAll(async () => {
  [browser, world] = await Promise.all([startBrowser(), startWorld(['fabrikam'])]);
  opened = await openPage(browser, printedUrl(world.app.environment));
  ({ page } = opened);
  await page.getByText('Latest images').waitFor();
}, 120_000);
afterAll(async () => {
  expect(opened?.faults).toEqual([]);
  await browser?.close();
  await world?.close();
});

/** Types into the one box. */
async function look(typed: string): Promise<void> {
  await page.getByRole('link', { name: 'Where is my image?' }).click();
  await page.getByText('Latest images').waitFor();
  await page.getByLabel('Image reference, or a part of it').fill(typed);
  await page.getByRole('button', { name: 'Find' }).click();
}

const verdict = () => page.getByRole('region', { name: 'Verdict' });
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

/** Waits until the verdict says so. */
async function says(text: string, timeout = STEP_MS): Promise<void> {
  const found = verdict().getByText(text, { exact: true }).first();
  await found.waitFor({ timeout }).catch(async () => {
    throw new Error(`The page does not say "${text}", but: ${await page.getByRole('main').innerText()}`);
  });
}

describe('each reason is found by its image, with what it means and what to do', () => {
  /** As the bridge writes it; the bridge itself may not go on with it meanwhile. */
  async function recorded(reason: ImageReason): Promise<string> {
    const { loginServer } = world.app.environment.cloud.standIns.registry;
    const [repository, tag] = [`seen/${reason}`, 'v1'];
    const { state } = REASONS[reason];
    const key = { partitionKey: 'contoso', rowKey: imageKey({ repository, tag }), kind: 'image' };
    const times = { pushedOn: new Date(), heardBy: 'event', updatedOn: new Date() };
    const row = {
      ...key,
      repository,
      tag,
      state,
      reason,
      message: `About ${reason}.`,
      attempts: 0,
      ...times,
    };
    await world.app.environment.cloud.standIns.tables.insert('images', [row]);
    return `${loginServer}/${repository}:${tag}`;
  }

  test.each(IMAGE_REASONS)('%s', async reason => {
    const reference = await recorded(reason);
    const { state, meaning } = REASONS[reason];
    const remedy = remedyOf(reason, state as never);
    const plain = (text: string) => text.replace(/[`*]/g, '');

    await look(reference);
    await says(reason);

    const shown = await page.getByRole('article').innerText();
    if (state !== 'imported') expect(shown).toContain(plain(meaning));
    expect(shown).toContain(`About ${reason}.`);
    if (remedy && !remedy.includes('Run:')) expect(shown).toContain(plain(pageWords(remedy)));
    const isStopped = state === 'failed' || state === 'pending';
    if (isStopped && !PASSING.includes(reason)) {
      expect(await page.getByRole('button', { name: 'Copy the command' }).count()).toBeGreaterThan(0);
    }
  });
});

test('a part of a reference finds the one image that has it', async () => {
  await look('workspace:v1');

  await says('In Coder');
  expect(page.url()).toContain('#/image/contoso/samples/workspace:v1');
});

test('a registry that the bridge does not have is named, with the command that adds it', async () => {
  await look('adatum.azurecr.io/team/app:v1');

  await page.getByText('The bridge has no registry adatum.azurecr.io.').waitFor();
  expect(await page.getByRole('main').innerText()).toContain('curl -s -X PUT');
});

interface Case {
  reference: string;
  reason: ImageReason;
  /** Makes it happen. */
  happen(): Promise<void>;
  /** What a person does elsewhere, as the remedy says. */
  remedy?(): unknown;
  button: string;
}

const CASES: Case[] = [
  {
    reference: 'team/absent:v1',
    reason: 'template-missing',
    happen: () => world.pushed('team/absent:v1', 'template-missing'),
    remedy: () => world.pushTemplate('absent'),
    button: 'Replay',
  },
  {
    reference: 'team/other:v1',
    reason: 'variable-missing',
    async happen() {
      await world.pushTemplate('other', 'variable "zone" {\n  type    = string\n  default = "a"\n}\n');
      await world.pushed('team/other:v1', 'variable-missing');
    },
    remedy: () => world.pushTemplate('other', SOURCE),
    button: 'Replay',
  },
  {
    reference: 'team/broken:v1',
    reason: 'template-build-failed',
    async happen() {
      await world.pushTemplate('broken');
      world.coder.controls.failNextImport('exit status 1: no such namespace');
      await world.pushed('team/broken:v1', 'template-build-failed');
    },
    button: 'Replay',
  },
  {
    reference: 'team/forbidden:v1',
    reason: 'coder-unauthorized',
    async happen() {
      await world.pushTemplate('forbidden');
      world.coder.controls.revokeRight('acr-bridge', 'template:update');
      await world.pushed('team/forbidden:v1', 'coder-unauthorized');
    },
    remedy: () => world.coder.controls.revokeRight('acr-bridge', 'template:update', true),
    button: 'Replay',
  },
  {
    reference: 'team/unanswered:v1',
    reason: 'coder-unavailable',
    async happen() {
      await world.pushTemplate('unanswered');
      world.coder.faults.add({ method: 'GET', status: 503 });
      await world.pushed('team/unanswered:v1', 'coder-unavailable');
    },
    remedy: () => world.app.clearFaults(),
    button: 'Replay',
  },
  {
    reference: 'team/taken:latest',
    reason: 'held',
    async happen() {
      await world.pushTemplate('taken');
      await world.pushed('team/taken:v1', 'template-updated');
      const first = activeVersion(world.app.environment.cloud, 'taken')?.name as string;
      await world.pushed('team/taken:v2', 'template-updated', OTHER);
      world.coder.controls.promote('taken', first);
      await world.app.push('team/taken:latest', OTHER);
      await world.reasonIs('team/taken:latest', 'held');
    },
    button: 'Replay',
  },
  {
    reference: 'manual/reviewed:v1',
    reason: 'version-ready',
    async happen() {
      await world.pushTemplate('reviewed');
      await world.pushed('manual/reviewed:v1', 'version-ready');
    },
    button: 'Promote',
  },
];

describe('the remedy and its button bring the image to Coder', () => {
  test.each(CASES)('$reason', async ({ reference, reason, happen, remedy, button }) => {
    await happen();
    await look(reference);
    await says(reason);

    await remedy?.();
    await press(button);

    await says('In Coder');
    const { state } = (await world.app.record(reference)) as { state: string };
    expect(state).toBe('imported');
  });

  test('no-template, through the policy', async () => {
    await world.pushTemplate('app');
    await world.pushed('nowhere/app:v1', 'no-template');
    await look('nowhere/app:v1');
    await says('no-template');

    await page.getByRole('link', { name: 'Change the policy' }).click();
    const editor = page.getByLabel('Policy as JSON');
    await editor.fill(
      (await editor.inputValue()).replace(
        '"nowhere/*"',
        '"nowhere/*", "templates": [{ "template": "{name}" }]',
      ),
    );
    await press('Save the policy');
    await page.getByText('Saved.').waitFor();
    await look('nowhere/app:v1');
    await press('Reconcile the registry');

    // The timer follows the import, once a minute.
    await says('In Coder', 90_000);
  }, 120_000);

  test('no-rule, with the rule that the page proposes', async () => {
    await world.pushTemplate('gauge');
    await world.pushed('unruled/gauge:v1', 'no-rule');
    await look('unruled/gauge:v1');
    await says('no-rule');

    await page.getByRole('link', { name: 'Add a rule' }).click();
    const editor = page.getByLabel('Policy as JSON');
    await until(async () =>
      /"unruled\/gauge",\s+"templates": \[\{ "template": "gauge" \}\]/.test(await editor.inputValue()),
    );
    await press('Save the policy');
    await page.getByText('Saved.').waitFor();
    await look('unruled/gauge:v1');
    await press('Import');

    await says('In Coder', 90_000);
  }, 120_000);

  test('a tag that was pushed before its registry was added', async () => {
    const [fabrikam] = world.app.environment.cloud.otherRegistries;
    const { name = '', resourceId, standIn } = fabrikam ?? {};
    await world.pushTemplate('early');
    await world.app.push('tools/early:v1', image(), standIn);
    const policy = { rules: [{ repository: 'tools/*', templates: [{ template: '{name}' }] }] };
    const credential = { kind: 'token' };
    await world.app.api('PUT', `registries/${name}`, { resourceId, credential, policy });
    await page.reload();
    await page.getByLabel('Function key').fill(world.app.environment.keys.host);
    await press('Open');

    await look(`${standIn?.loginServer}/tools/early:v1`);
    await says('Never seen');
    await press('Explain (dry run)');
    await page.getByRole('region', { name: 'Dry run' }).getByText('by rule 1').waitFor();
    await press('Import');

    await says('In Coder');
  });
});
