import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { imageKey } from '../../shared/records/keys.ts';
import { type App, startApp, until } from '../support/app.ts';
import { activeVersion } from '../support/coder-v2.ts';
import { principal } from '../support/principal.ts';
import { goTo, NARROW, type Opened, openPage, overflowing, printedUrl, startBrowser } from './browser.ts';
import { startFullWorld } from './views.ts';
import type { World } from './world.ts';

// What an engineer on call does in the console, and what the page says when it cannot show something.

const MANY = 4_000;

let browser: Browser;
let world: World;
let opened: Opened;
let page: Page;
beforeAll(async () => {
  [browser, world] = await Promise.all([startBrowser(), startFullWorld()]);
  opened = await openPage(browser, printedUrl(world.app.environment));
  ({ page } = opened);
}, 120_000);
afterAll(async () => {
  expect(opened?.faults).toEqual([]);
  await browser?.close();
  await world?.close();
});

const open = (view: string) => page.getByRole('navigation').getByRole('link', { name: view }).click();
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

test('the address loses the key at once, and the page is loaded with one request', async () => {
  const { host, keys } = world.app.environment;
  const context = await browser.newContext();
  const fresh = await context.newPage();
  const asked: string[] = [];
  fresh.on('request', request => asked.push(request.url()));

  await fresh.goto(`${host.url}/api/console#key=${keys.host}`);
  await fresh.getByText('Latest images').waitFor();

  expect(fresh.url()).toBe(`${host.url}/api/console#/`);
  expect(asked.filter(url => !url.startsWith('data:')).filter(url => !url.includes('/api/'))).toEqual([]);
  expect(asked.filter(url => /\/api\/console/.test(url)).length).toBe(1);
  expect(await context.cookies()).toEqual([]);
  expect(await fresh.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).toBe('{}');
  await context.close();
});

test('the age of each credential is found, and that of the token of Coder', async () => {
  await open('Credentials');
  for (const name of ['contoso', 'fabrikam', 'northwind']) {
    const card = page.getByRole('article', { name: `Credential of ${name}` });
    expect(await card.innerText()).toMatch(/Age\n0 days/);
  }
  const token = page.getByRole('article', { name: 'Token of Coder' });
  await token.getByText(/The token ends on .*, in \d+ days/).waitFor();
});

test('a credential is rotated after a look at the plan, and given up only after its name is typed', async () => {
  const card = page.getByRole('article', { name: 'Credential of fabrikam' });
  await card.getByRole('button', { name: 'Compromised …' }).click();
  const go = card.getByRole('button', { name: 'Replace it and revoke the old one' });
  await go.waitFor();
  expect(await go.isDisabled()).toBe(true);
  await card.getByLabel('Type fabrikam to go on').fill('fabrika');
  expect(await go.isDisabled()).toBe(true);
  await card.getByRole('button', { name: 'Cancel' }).click();

  await card.getByRole('button', { name: 'Rotate …' }).click();
  await card.getByRole('region', { name: 'Plan of the rotation' }).waitFor();
  await card.getByRole('button', { name: 'Rotate now' }).click();

  await card.getByText('The rotation of fabrikam has started.').waitFor();
  await until(async () => {
    const { text } = await world.app.api('GET', 'registries/fabrikam');
    return JSON.parse(text).rotation.why === 'requested';
  });
});

test('all of one reason are replayed', async () => {
  for (const name of ['mobile', 'batch', 'etl']) await world.pushTemplate(name);
  await open('Needs attention');
  await until(() => page.getByText('3 in contoso').isVisible());
  const group = page.getByRole('article').filter({ hasText: 'template-missing' });
  await group.getByRole('button', { name: 'Show the images' }).click();
  await group.getByRole('link', { name: 'contoso/team/etl:v1' }).waitFor();

  await group.getByRole('button', { name: 'Replay all 3' }).click();

  await page.getByText('3 images are tried again within a minute.').waitFor();
  await group.waitFor({ state: 'detached' });
  for (const name of ['mobile', 'batch', 'etl']) {
    const record = await world.app.record(`team/${name}:v1`);
    expect(record?.reason).not.toBe('template-missing');
  }
});

test('a template is rolled back to a version that a person chooses', async () => {
  const { cloud } = world.app.environment;
  world.coder.controls.revokeRight('acr-bridge', 'template:update', true);
  const before = activeVersion(cloud, 'kubernetes')?.name as string;
  await open('Templates');
  await page.getByRole('navigation', { name: 'Templates' }).getByRole('link', { name: 'kubernetes' }).click();
  const versions = page.getByRole('listitem').filter({ hasText: 'acr-v2-' });
  await versions.getByRole('button', { name: 'Roll back …' }).click();
  await versions
    .getByText(/then holds what is active now \(.*samples\/workspace:v3@sha256:.{12}…\)/)
    .waitFor();
  await versions.getByRole('button', { name: /^Roll kubernetes back to acr-v2-/ }).click();

  await page
    .getByText(/^kubernetes is back at acr-v2-.*Held until another digest is pushed: .*workspace:v3@/)
    .waitFor();
  await page.getByText('1 held', { exact: true }).waitFor();
  expect(activeVersion(cloud, 'kubernetes')?.name).not.toBe(before);
  expect(activeVersion(cloud, 'kubernetes')?.image).toContain('samples/workspace:v2@');
});

test('a refused policy shows each fault on its line', async () => {
  await goTo(page, '#/policy/contoso');
  const editor = page.getByLabel('Policy as JSON');
  await editor.fill(
    '{\n  "rules": [\n    { "repository": "Team/**" },\n    {\n      "tag": { "semver": "x y" }\n    }\n  ]\n}',
  );
  await press('Save the policy');

  const faults = page.locator('#faults');
  await faults.getByText('Line 3').waitFor();
  expect(await faults.innerText()).toMatch(
    /Line 3 policy\.rules\[0\]\.repository can match no repository.*Line 4 policy\.rules\[1\]\.repository is required.*Line 5 policy\.rules\[1\]\.tag\.semver is not a semver range/s,
  );
  await editor.fill('{ "rules": [ }');
  await press('Save the policy');
  await faults.getByText(/is not JSON/).waitFor();
});

test('what is wrong with a policy is said in the order of its lines, until it is edited', async () => {
  await goTo(page, '#/policy/contoso');
  const editor = page.getByLabel('Policy as JSON');
  await editor.fill(
    '{\n  "rules": [\n    { "repository": "Team/**",\n      "wrong": 1,\n      "tag": {}\n    },\n    { }\n  ]\n}',
  );
  await press('Save the policy');
  const faults = page.locator('#faults');
  await faults.getByText('Line 3').waitFor();
  const lines = [...(await faults.innerText()).matchAll(/Line (\d+)/g)].map(([, line]) => Number(line));
  expect(lines.length).toBeGreaterThan(2);
  expect(lines).toEqual(lines.toSorted((one, other) => one - other));

  await editor.fill('{ "rules": [{ "repository": "team/**" }] }');
  expect(await faults.innerText()).toBe('');
  await page.getByText('Rule 1 names no template').waitFor();
});

test('an edited policy stays while a person looks elsewhere, and is not what a reference is tried with', async () => {
  await open('Overview');
  await open('Policy');
  const editor = page.getByLabel('Policy as JSON');
  await until(() => editor.isVisible());
  expect(await editor.inputValue()).toBe('{ "rules": [{ "repository": "team/**" }] }');
  await page.getByText('This tries the saved policy').waitFor();

  await press('Undo');
  await until(async () => (await page.getByText('This tries the saved policy').count()) === 0);
});

test('an unknown page says so', async () => {
  await goTo(page, '#/polcy');
  await page.getByRole('heading', { name: 'No such page' }).waitFor();
});

test('an import that runs shows its log while it runs', async () => {
  world.coder.controls.revokeRight('acr-bridge', 'template:update', true);
  world.coder.controls.holdImports('running');
  await world.pushed('team/api:1.5.0', 'coder-building', image({ content: 'slow' }));

  await goTo(page, '#/image/contoso/team/api:1.5.0');
  await page.getByRole('region', { name: 'Verdict' }).getByText('On its way').waitFor();
  await page.getByRole('region', { name: 'Timeline' }).locator('pre').waitFor();

  world.coder.controls.releaseImports();
  await page.getByRole('region', { name: 'Verdict' }).getByText('In Coder').waitFor();
});

describe('the page says what it cannot show', () => {
  test('without a key it asks for one, refuses a wrong one, and takes the right one', async () => {
    const { host, keys } = world.app.environment;
    const context = await browser.newContext();
    const stranger = await context.newPage();
    await stranger.goto(`${host.url}/api/console`);
    await stranger.getByLabel('Function key').fill('wrong');
    await stranger.getByRole('button', { name: 'Open' }).click();
    await stranger.getByText(/The bridge refuses this key/).waitFor();
    await stranger.getByLabel('Function key').fill(keys.host);
    await stranger.keyboard.press('Enter');

    await stranger.getByText('Latest images').waitFor();
    await context.close();
  });

  test('where a person lacks a role it names the role', async () => {
    const roleMissing = {
      status: 403,
      reason: 'forbidden',
      detail: 'This call needs the app role Images.Import.',
    };
    await page.route('**/api/images?dryRun=true', route =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: JSON.stringify(roleMissing),
      }),
    );
    await goTo(page, '#/image/contoso/team/broken:v2');
    await press('Explain');

    await page.getByRole('alert').getByText('This call needs the app role Images.Import.').waitFor();
    await page.unroute('**/api/images?dryRun=true');
  });

  test('while the bridge does not answer it keeps what it has, and says since when', async () => {
    await goTo(page, '#/templates/coder/api');
    await page.getByText('Last versions').waitFor();
    await page.route('**/api/**', route => route.abort());

    await page
      .getByText(/This was loaded .* and may be old: The bridge does not answer/)
      .first()
      .waitFor();
    expect(await page.getByText('Last versions').isVisible()).toBe(true);
    await goTo(page, '#/credentials');
    await page.getByRole('alert').getByText('The bridge does not answer.').waitFor();
    await page.unroute('**/api/**');
    await press('Try again');
    await page.getByText('Coder’s own token').waitFor();
  });
});

test('thousands of images are found without being all in the page', async () => {
  const { tables } = world.app.environment.cloud.standIns;
  const at = { pushedOn: new Date(), importedOn: new Date(), updatedOn: new Date(), heardBy: 'event' };
  const rows = Array.from({ length: MANY }, (_, i) => {
    const [repository, tag] = [
      `many/app${String(i % 100).padStart(2, '0')}`,
      `v${String(i).padStart(5, '0')}`,
    ];
    const key = { partitionKey: 'fabrikam', rowKey: imageKey({ repository, tag }), kind: 'image' };
    return {
      ...key,
      repository,
      tag,
      state: 'imported',
      reason: 'template-updated',
      message: '…',
      attempts: 0,
      ...at,
    };
  });
  await tables.insert('images', rows);

  await goTo(page, '#/image?q=fabrikam/many/');
  const list = page.getByRole('list', { name: 'Images' });
  await list.getByText('many/app00:v00000').waitFor();
  expect(await list.getByRole('listitem').count()).toBeLessThan(100);
  await until(async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    return list.getByText('many/app99:v03999').isVisible();
  });
  expect(await list.getByRole('listitem').count()).toBeLessThan(100);
}, 120_000);

test('the overview of all of them takes one call', async () => {
  const asked: string[] = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  await open('Overview');
  await page.getByRole('heading', { name: 'Registries' }).waitFor();

  expect([...new Set(asked)]).toEqual(['/api/summary']);
  page.removeAllListeners('request');
});

test('everything is done with the keyboard alone', async () => {
  const { page: typing, close } = await openPage(browser, printedUrl(world.app.environment));
  await typing.getByText('Latest images').waitFor();
  await typing.keyboard.type('team/broken:v2');
  await typing.keyboard.press('Enter');
  await typing.getByRole('region', { name: 'Verdict' }).waitFor();

  const focused = () => typing.evaluate(() => document.activeElement?.textContent);
  for (let pressed = 0; pressed < 20 && (await focused()) !== 'Replay'; pressed += 1) {
    await typing.keyboard.press('Tab');
  }
  await typing.keyboard.press('Enter');
  await typing.getByText(/^Tried again: it is/).waitFor();

  await typing.getByText('Skip to the content').focus();
  await typing.keyboard.press('Enter');
  expect(await typing.evaluate(() => document.activeElement?.id)).toBe('content');
  await close();
});

test('a phone shows the menu on demand', async () => {
  const phone = await openPage(browser, printedUrl(world.app.environment), { viewport: NARROW });
  await phone.page.getByRole('button', { name: 'Where is my image?' }).click();
  await phone.page.getByRole('link', { name: 'Overview' }).click();
  await phone.page.getByText('Registries', { exact: true }).waitFor();

  expect(await phone.page.getByRole('link', { name: 'Health' }).isVisible()).toBe(false);
  expect(await overflowing(phone.page)).toEqual([]);
  await phone.close();
});

describe('where the platform signs people in', () => {
  let signedIn: App;
  beforeAll(async () => {
    signedIn = await startApp({ subscribed: false, settings: { WEBSITE_AUTH_ENABLED: 'True' } });
  });
  afterAll(() => signedIn?.close());

  /** The platform adds the header; a person cannot. */
  async function openAs(roles: string[] | undefined): Promise<Page> {
    const context = await browser.newContext({
      ...(roles && { extraHTTPHeaders: { 'x-ms-client-principal': principal(roles) } }),
    });
    const person = await context.newPage();
    await person.goto(`${signedIn.environment.host.url}/api/console`);
    return person;
  }

  test('it asks for no key, and calls with the sign-in of the person', async () => {
    const person = await openAs(['Registries.Read']);

    await person.getByText('No registry yet.').waitFor();
    expect(await person.getByLabel('Function key').count()).toBe(0);
  });

  test('a person without a sign-in is sent to Entra, and comes back', async () => {
    const link = (await openAs(undefined)).getByRole('link', { name: 'Sign in with Entra' });

    expect(await link.getAttribute('href')).toBe('/.auth/login/aad?post_login_redirect_uri=/api/console');
  });

  test('a person without a role reads which one is missing', async () => {
    const person = await openAs([]);

    await person
      .getByRole('alert')
      .getByText(/needs the app role Registries\.Read/)
      .first()
      .waitFor();
  });
});
