import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import ignore from 'ignore';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AppHost, startAppHost } from '../infra/local/app-host.ts';
import { type Cloud, startCloud } from '../infra/local/cloud.ts';
import { SAMPLE_TEMPLATE } from '../infra/local/coder-v2-sample.ts';
import { image } from '../infra/local/oci-image.ts';
import { pushImage } from '../infra/local/push-image.ts';
import { deployedSettings } from './infra/azure/deployed-app.ts';
import { until } from './support/app.ts';
import { testTls } from './support/bridge.ts';
import { activeVersion } from './support/coder-v2.ts';

const ROOT = join(import.meta.dirname, '..');
const PACKAGE = ['dist/console.html', 'dist/index.cjs', 'host.json', 'package.json'];
const KEYS = { master: 'm', host: 'h', eventGrid: 'e' };

/** What the cloud on this machine takes beside what is deployed: where its services are, and whom to trust. */
const LOCAL_ONLY = [
  'ACR_ALLOWED_HOSTS',
  'AKS_ALLOWED_HOSTS',
  'ARM_URL',
  'GRAPH_URL',
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'KEY_VAULT_CHALLENGE_CHECK',
  'NODE_EXTRA_CA_CERTS',
];

describe('the published package', () => {
  // A checkout in which a developer has built, run and configured the app.
  const checkout = [
    ...[
      'LICENSE',
      'README.md',
      'CONTRIBUTING.md',
      'docs/develop.md',
      'azure.yaml',
      'biome.json',
      'host.json',
      'package.json',
      'package-lock.json',
    ],
    ...[
      'local.settings.json',
      'tsconfig.json',
      'vitest.config.ts',
      '.env',
      '.npmrc',
      '.gitignore',
      '.funcignore',
    ],
    ...[
      'dist/console.html',
      'dist/index.cjs',
      'dist/index.js',
      'dist/old/index.cjs',
      'functions/health.ts',
      'shared/services.ts',
    ],
    ...[
      'node_modules/zod/package.json',
      'node_modules/zod/dist/index.cjs',
      'node_modules/.package-lock.json',
    ],
    ...[
      '.git/config',
      '.devcontainer/devcontainer.json',
      '.azure/dev/.env',
      '.local/env',
      'infra/azure/main.bicep',
      'test/host.json',
      'app.zip',
    ],
  ];

  test('is four files, as azd and VS Code read .funcignore', async () => {
    const rules = ignore().add(await readFile(join(ROOT, '.funcignore'), 'utf8'));

    expect(checkout.filter(file => !rules.ignores(file)).sort()).toEqual(PACKAGE);
    const inRoot = (await readdir(ROOT, { withFileTypes: true })).filter(entry => entry.isFile());
    const published = inRoot.map(({ name }) => name).filter(name => !rules.ignores(name));
    expect(published.sort()).toEqual(['host.json', 'package.json']);
  });

  test('is four files, as func reads it', async () => {
    const isIgnored = readAsFunc(await readFile(join(ROOT, '.funcignore'), 'utf8'));
    // func itself leaves out what begins with .git, .vscode, .funcignore and local.settings.json.
    expect(checkout.filter(file => !isIgnored(file)).sort()).toEqual(PACKAGE);
  });

  test('is no reason for azd to build on Azure: .funcignore leaves out what is in node_modules, not the folder', async () => {
    const rules = ignore().add(await readFile(join(ROOT, '.funcignore'), 'utf8'));

    expect(rules.ignores('node_modules/')).toBe(false);
  });
});

/**
 * As Core Tools read it: a line finds the beginning of a path, and a line with `!` wins wherever it stands.
 * https://github.com/Azure/azure-functions-core-tools/blob/main/src/Cli/func/Common/GitIgnoreParser.cs
 */
function readAsFunc(text: string): (path: string) => boolean {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  const begins = (line: string) =>
    new RegExp(
      `^${line
        .replace(/^\//, '')
        .replace(/[.$^()[\]{}+?|\\]/g, '\\$&')
        .replaceAll('*', '[^/]+')}`,
    );
  const exceptions = lines.filter(line => line.startsWith('!')).map(line => begins(line.slice(1)));
  const ignored = lines.filter(line => !line.startsWith('!')).map(begins);
  return path => !exceptions.some(line => line.test(path)) && ignored.some(line => line.test(path));
}

describe('deployed', () => {
  let folder: string;
  let cloud: Cloud;
  let host: AppHost;
  const logs: string[] = [];

  beforeAll(async () => {
    const tls = await testTls();
    cloud = await startCloud({ tls, coderGeneration: 'v2' });
    folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    for (const file of PACKAGE) await cp(join(ROOT, file), join(folder, file));
    const { main } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const { appSettings } = cloud;
    host = await startAppHost({
      port: 0,
      onLog: line => logs.push(line),
      env: {
        PATH: process.env.PATH ?? '',
        HOST_APP: join(folder, main),
        HOST_KEYS: JSON.stringify(KEYS),
        ...settingsOf(cloud),
        ...Object.fromEntries(LOCAL_ONLY.map(name => [name, appSettings[name] as string])),
      },
    });
    const endpoint = `${host.url}/runtime/webhooks/EventGrid?functionName=registry-event&code=${KEYS.eventGrid}`;
    await cloud.standIns.eventGrid.subscribe({ endpoint, deadLetter: true });
  });
  afterAll(async () => {
    await host?.close();
    await cloud?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${host.url}/${path}`, {
      ...init,
      headers: { 'x-functions-key': KEYS.master, 'content-type': 'application/json' },
    });

  test('the package has every function that there is a file for', async () => {
    const files = (await readdir(join(ROOT, 'functions'))).map(file => parse(file).name);
    const functions = (await (await call('admin/functions')).json()) as { name: string }[];

    expect(functions.map(({ name }) => name).sort()).toEqual(files.filter(name => name !== 'index').sort());
  });

  test('it brings a pushed image to Coder, with the settings that the Bicep sets and without node_modules', async () => {
    const { registry, standIns } = cloud;
    const { username, password } = registry.puller;
    const declared = {
      resourceId: registry.resourceId,
      credential: { kind: 'static', username, password },
      policy: { rules: [{ repository: 'team/app', templates: [{ template: SAMPLE_TEMPLATE }] }] },
    };
    const added = await call(`api/registries/${registry.name}`, {
      method: 'PUT',
      body: JSON.stringify(declared),
    });
    expect([added.status, dirname(folder)], logs.join('\n')).toEqual([201, tmpdir()]);

    const { ca } = await testTls();
    const target = { registryUrl: standIns.registry.url, ...registry.pusher, ca };
    const digest = await pushImage(target, 'team/app', image({ content: 'one' }), 'v1');

    const named = `${standIns.registry.loginServer}/team/app:v1@${digest}`;
    await until(() => activeVersion(cloud, SAMPLE_TEMPLATE)?.image === named);
  });
});

/** What function-app.bicep sets when its parameters are what this cloud has. */
function settingsOf({ appSettings }: Cloud): Record<string, string> {
  return deployedSettings({
    tableEndpoint: `${appSettings.TABLES_URL}/`,
    vaultUrl: `${appSettings.KEY_VAULT_URL}/`,
    coderUrl: appSettings.CODER_URL,
    coderGeneration: appSettings.CODER_GENERATION,
    coderOrganizationId: appSettings.CODER_ORGANIZATION_ID,
    eventsTopicEndpoint: appSettings.EVENTS_TOPIC_ENDPOINT,
    identityClientId: appSettings.AZURE_CLIENT_ID,
  });
}
