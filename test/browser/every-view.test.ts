import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  axeFaults,
  goTo,
  NARROW,
  type Opened,
  openPage,
  overflowing,
  printedUrl,
  settled,
  startBrowser,
  WIDE,
} from './browser.ts';
import { SHOWN, startFullWorld } from './views.ts';
import type { World } from './world.ts';

// Looks at each view as people do: on a wide screen and a phone, by day and by night. LOOK_AT=folder keeps what it saw.

const FOLDER = process.env.LOOK_AT;

let browser: Browser;
let world: World;
beforeAll(async () => {
  [browser, world] = await Promise.all([startBrowser(), startFullWorld()]);
  if (FOLDER) await mkdir(FOLDER, { recursive: true });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const SCREENS = [
  { screen: 'wide', viewport: WIDE },
  { screen: 'narrow', viewport: NARROW },
].flatMap(one => (['light', 'dark'] as const).map(colorScheme => ({ ...one, colorScheme })));

describe.each(SCREENS)('on a $screen screen, $colorScheme', ({ screen, viewport, colorScheme }) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await openPage(browser, printedUrl(world.app.environment), { viewport, colorScheme });
  });
  afterAll(() => opened?.close());

  test.each(SHOWN)('$name has nothing that axe finds, and fits', async ({ name, hash, text }) => {
    const { page, faults } = opened;
    await goTo(page, hash);
    await page.getByText(text).first().waitFor();
    await settled(page);

    if (FOLDER) {
      const picture = await page.screenshot({ fullPage: true });
      await writeFile(join(FOLDER, `${name}-${screen}-${colorScheme}.png`), picture);
    }
    expect(await axeFaults(page)).toEqual([]);
    expect(await overflowing(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
    expect(faults).toEqual([]);
  });
});
