import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
const PICTURES: readonly Picture[] = [
  { name: 'in-coder', hash: '#/image/contoso/samples/workspace:v3', text: 'In Coder', options: MEDIUM },
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
  { name: 'templates', hash: '#/templates/default/kubernetes', text: 'Last versions', options: MEDIUM },
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

  test.each(PICTURES)('$name', async ({ name, hash, text, options }) => {
    const { page, close } = await openPage(browser, printedUrl(world.app.environment), options);
    await goTo(page, hash);
    await page.getByText(text).first().waitFor();
    await settled(page);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());

    await writeFile(join(ROOT, FOLDER, `${name}.png`), await page.screenshot());
    await close();
  });
});

test('every picture is shown in the docs, and every picture that they show is there', async () => {
  const files = (await readdir(join(ROOT, FOLDER))).sort();
  const shown = PAGES.flatMap(page =>
    [...readText(page).matchAll(/pictures\/([\w-]+\.png)/g)].map(([, name]) => name),
  );

  expect(files).toEqual(PICTURES.map(({ name }) => `${name}.png`).sort());
  expect([...new Set(shown)].sort()).toEqual(files);
});
