import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { PAGES, readText } from '../support/docs.ts';
import { goTo, NARROW, openPage, printedUrl, settled, startBrowser } from './browser.ts';
import { startFullWorld } from './views.ts';
import type { World } from './world.ts';

// The pictures of the docs. `npm run pictures` renews them; without it they are only looked for.

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = 'docs/pictures';

interface Picture {
  name: string;
  hash: string;
  text: string | RegExp;
  options?: BrowserContextOptions;
}

const MEDIUM = { viewport: { width: 1120, height: 640 } };
const HALF = { viewport: { width: 600, height: 760 } };
const ARRIVING = ['arriving', 'arrived'];
const PICTURES: readonly Picture[] = [
  { name: 'failed', hash: '#/image/contoso/team/broken:v2', text: 'no such namespace', options: MEDIUM },
  {
    name: 'failed-on-a-phone',
    hash: '#/image/contoso/team/broken:v2',
    text: 'no such namespace',
    options: { viewport: NARROW, colorScheme: 'dark' },
  },
  { name: 'overview', hash: '#/overview', text: 'Registries', options: MEDIUM },
  { name: 'needs-attention', hash: '#/attention', text: 'Replay all', options: MEDIUM },
  { name: 'credentials', hash: '#/credentials', text: 'Coder’s own token', options: MEDIUM },
  { name: 'templates', hash: '#/templates/coder/kubernetes', text: 'Last versions', options: MEDIUM },
];

describe.runIf(process.env.UPDATE_PICTURES)('the pictures are taken', () => {
  let browser: Browser;
  let world: World;
  beforeAll(async () => {
    [browser, world] = await Promise.all([startBrowser(), startFullWorld()]);
    await mkdir(join(ROOT, FOLDER), { recursive: true });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test('an image that arrives', async () => {
    const { coder, app } = world;
    coder.controls.revokeRight('acr-bridge', 'template:update', true);
    coder.controls.holdImports('running');
    await world.pushed('samples/workspace:v4', 'coder-building', image({ content: 'v4' }));
    const { page, close } = await openPage(browser, printedUrl(app.environment), HALF);
    await goTo(page, '#/image/contoso/samples/workspace:v4');
    await page.getByText('On its way').waitFor();
    await page.locator('pre.log').waitFor();
    await take(page, 'arriving');
    coder.controls.releaseImports();
    await page.getByText('In Coder', { exact: true }).waitFor();
    await take(page, 'arrived');
    coder.controls.revokeRight('acr-bridge', 'template:update');
    await close();
  });

  test.each(PICTURES)('$name', async ({ name, hash, text, options }) => {
    const { page, close } = await openPage(browser, printedUrl(world.app.environment), options);
    await goTo(page, hash);
    await page.getByText(text).first().waitFor();
    await settled(page);
    await take(page, name);
    await close();
  });
});

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await writeFile(join(ROOT, FOLDER, `${name}.png`), await page.screenshot());
}

test('every picture is shown in the docs, and every picture that they show is there', async () => {
  const files = (await readdir(join(ROOT, FOLDER))).sort();
  const shown = PAGES.flatMap(page =>
    [...readText(page).matchAll(/pictures\/([\w-]+\.png)/g)].map(([, name]) => name),
  );

  expect(files).toEqual([...ARRIVING, ...PICTURES.map(({ name }) => name)].map(name => `${name}.png`).sort());
  expect([...new Set(shown)].sort()).toEqual(files);
});
