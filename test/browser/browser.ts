import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Environment } from '../../infra/local/environment.ts';

// Chromium of Debian, in which people and axe look at the console.

export const WIDE = { width: 1280, height: 860 };
export const NARROW = { width: 390, height: 844 };

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const STEP_MS = 20_000;
/** Of Debian's package. */
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';

export function startBrowser(): Promise<Browser> {
  // Containers have no user namespaces for Chromium's sandbox; nothing but this project's page is opened.
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-gpu'] });
}

/** The address that `npm start` prints. */
export function printedUrl({ host, keys }: Pick<Environment, 'host' | 'keys'>): string {
  return `${host.url}/api/console#key=${keys.host}`;
}

/** What went wrong in a page; a test expects it to be nothing. */
export interface Opened {
  page: Page;
  faults: string[];
  close(): Promise<void>;
}

/** Opens a page as a person does who clicks on an address. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  // axe is put into the page as a script of the test's own, before the policy of the page holds.
  await context.addInitScript(AXE);
  const page = await context.newPage();
  // Before the limit of a test, so that the failure names the step.
  page.setDefaultTimeout(STEP_MS);
  const faults: string[] = [];
  page.on('pageerror', error => faults.push(error.message));
  page.on('console', message => {
    // The browser itself reports each answer that is an error, which tests cause on purpose.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      faults.push(message.text());
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** Goes to a view by its address, as a link does. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(target => {
    location.hash = target;
  }, hash);
}

/** Waits until nothing in the page is being loaded. */
export async function settled(page: Page): Promise<void> {
  await expect.poll(() => page.getByText(/^Loading .* …$/).count()).toBe(0);
}

/** What axe finds, as lines that name the rule and the element. */
export async function axeFaults(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    interface Violation {
      id: string;
      help: string;
      nodes: { html: string; failureSummary?: string }[];
    }
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  });
}

/** Elements that reach beyond the right edge of the screen, unless something around them scrolls. */
export async function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isScrolled = (element: Element): boolean => {
      const { overflowX } = getComputedStyle(element);
      if (overflowX !== 'visible' && element !== document.documentElement && element !== document.body)
        return true;
      return element.parentElement !== null && isScrolled(element.parentElement);
    };
    return [...document.querySelectorAll('body *')]
      .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5)
      .filter(element => !element.closest('.skip') && !isScrolled(element))
      .map(element => element.outerHTML.slice(0, 120));
  });
}
