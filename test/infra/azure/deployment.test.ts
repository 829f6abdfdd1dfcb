import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../shared/images/event.ts';
import { RUN_BUDGET_MS } from '../../../shared/rotation/rotate.ts';
import { property, readBicep } from './bicep.ts';
import { deployed, fileNamed } from './deployed-app.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('what azd down deletes', () => {
  test('is one resource group, the one that main.bicep makes: azd deletes each that its deployment touched', () => {
    const { modules, resources } = fileNamed('main.bicep');

    expect(modules.map(({ body }) => property(body, 'scope')?.text)).toEqual(modules.map(() => 'group'));
    expect(resources.filter(({ existing }) => !existing).map(({ symbol }) => symbol)).toEqual(['group']);
  });
});

describe('events', () => {
  const APP = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/func-1';
  const subscription = (path: string) =>
    deployed('event-subscription.bicep', 'eventSubscription', `properties.${path}`, {
      functionAppId: APP,
      storageAccountId: '/accounts/st1',
    });

  test('go to a function that there is, one at a time', () => {
    const { resourceId, maxEventsPerBatch } = subscription('destination.properties') as {
      resourceId: string;
      maxEventsPerBatch: number;
    };
    const [app, name] = resourceId.split('/functions/');

    expect(app).toBe(APP);
    expect(existsSync(join(ROOT, 'functions', `${name}.ts`))).toBe(true);
    expect(text(`functions/${name}.ts`)).toContain(`app.eventGrid('${name}'`);
    expect(maxEventsPerBatch).toBe(1);
  });

  test('are those that the code takes', () => {
    expect(subscription('filter.includedEventTypes')).toEqual(EVENT_TYPES);
  });

  test('are delivered for as long as Event Grid does that, and kept then', () => {
    expect(subscription('retryPolicy')).toEqual({ maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 });
    expect(subscription('deadLetterWithResourceIdentity')).toEqual({
      identity: { type: 'SystemAssigned' },
      deadLetterDestination: {
        endpointType: 'StorageBlob',
        properties: { resourceId: '/accounts/st1', blobContainerName: 'deadLetterContainer' },
      },
    });
    expect(deployed('system-topic.bicep', 'made', 'identity')).toEqual({ type: 'SystemAssigned' });
  });

  test('are answered before Event Grid gives up waiting, and runs end before the platform ends them', () => {
    const { functionTimeout } = JSON.parse(text('host.json'));
    const [hours = 0, minutes = 0, seconds = 0] = functionTimeout.split(':').map(Number);
    const [, importBudget = ''] = /const IMPORT_BUDGET_MS = ([\d_]+)/.exec(text('shared/services.ts')) ?? [];

    expect(Number(importBudget.replaceAll('_', ''))).toBeLessThan(30_000);
    expect(RUN_BUDGET_MS).toBeLessThan((hours * 3600 + minutes * 60 + seconds) * 1_000);
  });
});

describe('the app', () => {
  const app = (path: string) =>
    deployed('function-app.bicep', 'app', path, { plan: { id: 'plan' }, subnetId: '', nodeVersion: '22' });

  test('runs on Flex Consumption with a Node that CI tests', () => {
    const { nodeVersion } = Object.fromEntries(
      fileNamed('main.bicep').params.map(param => [param.symbol, param]),
    );
    const versions = [...(nodeVersion?.decorators.allowed ?? '').matchAll(/\d+/g)].map(
      ([version]) => version,
    );

    expect(deployed('function-app.bicep', 'plan', 'sku')).toEqual({ tier: 'FlexConsumption', name: 'FC1' });
    expect(app('properties.functionAppConfig.runtime')).toEqual({ name: 'node', version: '22' });
    expect(versions).toEqual(['22', '24']);
    const [, run = ''] = /^for version in (.+); do$/m.exec(text('.ci/run')) ?? [];
    expect(run.split(' ')).toEqual(versions);
  });

  test('is deployed from its container with its identity', () => {
    expect(app('properties.functionAppConfig.deployment.storage')).toEqual({
      type: 'blobContainer',
      value: 'blobEndpointpackageContainer',
      authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: 'identityId' },
    });
    expect(app('identity')).toEqual({ type: 'UserAssigned', userAssignedIdentities: { identityId: {} } });
  });

  test('has the tables that it opens', () => {
    const opened = [...text('shared/services.ts').matchAll(/openTable\([^,]+, '(\w+)'/g)].map(
      ([, name]) => name,
    );
    const made = fileNamed('storage.bicep')
      .resources.filter(({ type }) => type.includes('/tableServices/tables@'))
      .map(({ symbol }) => deployed('storage.bicep', symbol, 'name'));

    expect(made.sort()).toEqual(opened.sort());
  });

  test('takes calls over TLS only, and no password for deployments', () => {
    expect(app('properties.httpsOnly')).toBe(true);
    expect(app('properties.siteConfig.minTlsVersion')).toBe('1.2');
    expect(app('properties.siteConfig.scmMinTlsVersion')).toBe('1.2');
    for (const way of ['ftp', 'scm']) {
      expect(deployed('function-app.bicep', way, 'name')).toBe(way);
      expect(deployed('function-app.bicep', way, 'properties.allow')).toBe(false);
    }
  });
});

describe.each([true, false])('with private networking %s', isPrivate => {
  test('the storage account takes neither keys nor anonymous or plain calls, and strangers only when public', () => {
    expect(deployed('storage.bicep', 'account', 'properties', { private: isPrivate })).toEqual({
      allowSharedKeyAccess: false,
      allowBlobPublicAccess: false,
      allowCrossTenantReplication: false,
      defaultToOAuthAuthentication: true,
      supportsHttpsTrafficOnly: true,
      minimumTlsVersion: 'TLS1_2',
      publicNetworkAccess: 'Enabled',
      networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' },
    });
  });

  test('the vault goes by roles, keeps what was deleted, and answers strangers only when public', () => {
    const vault = (path: string) =>
      deployed('vault.bicep', 'vault', `properties.${path}`, {
        private: isPrivate,
        purgeProtection: isPrivate,
      });

    expect(vault('enableRbacAuthorization')).toBe(true);
    expect(vault('enableSoftDelete')).toBe(true);
    expect(vault('enablePurgeProtection')).toBe(isPrivate ? true : null);
    expect(vault('publicNetworkAccess')).toBe(isPrivate ? 'Disabled' : 'Enabled');
  });
});

test('telemetry takes no keys', () => {
  expect(deployed('monitoring.bicep', 'appInsights', 'properties.DisableLocalAuth')).toBe(true);
  expect(deployed('monitoring.bicep', 'workspace', 'properties.features.disableLocalAuth')).toBe(true);
});

test('the session token goes into the vault and nowhere else', () => {
  const { params } = fileNamed('main.bicep');
  const secret = params.filter(({ decorators }) => 'secure' in decorators).map(({ symbol }) => symbol);

  expect(secret).toEqual(['coderSessionToken']);
  expect(text('infra/azure/main.bicep').match(/: coderSessionToken$/gm)).toHaveLength(1);
  expect(
    fileNamed('vault.bicep').params.find(({ symbol }) => symbol === 'coderSessionToken')?.decorators,
  ).toHaveProperty('secure');
});

test('no output holds a secret', () => {
  const outputs = readBicep().flatMap(({ name, outputs }) => outputs.map(output => ({ name, output })));
  const telling = /secret|token|password|connectionstring|instrumentationkey|listkeys|\.key/i;

  expect(outputs.filter(({ output }) => telling.test(`${output.symbol} ${output.value.text}`))).toEqual([]);
});

test('Coder pods become its identity by exactly what Entra compares', () => {
  const federation = (oidcIssuer: string) =>
    deployed('coder-identity.bicep', 'federation', 'properties', {
      oidcIssuer,
      namespace: 'coder',
      serviceAccount: 'pods',
    });
  const expected = {
    issuer: 'https://oidc.example.com/1/',
    subject: 'system:serviceaccount:coder:pods',
    audiences: ['api://AzureADTokenExchange'],
  };

  expect(federation('https://oidc.example.com/1')).toEqual(expected);
  expect(federation('https://oidc.example.com/1/')).toEqual(expected);
});

describe('azure.yaml', () => {
  const azure = text('azure.yaml');

  test('names what there is', () => {
    const [, path = ''] = /path: (\S+)/.exec(azure) ?? [];
    const scripts = [...azure.matchAll(/run: node --import tsx (\S+)/g)].map(([, file = '']) => file);
    const [, service = ''] = /services:\n(?: *#.*\n)* {2}(\w+):/.exec(azure) ?? [];

    expect(readdirSync(join(ROOT, path))).toEqual(
      expect.arrayContaining(['main.bicep', 'main.parameters.json']),
    );
    expect(scripts).toHaveLength(4);
    expect(scripts.filter(file => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(text('infra/azure/function-app.bicep')).toContain(`'azd-service-name': '${service}'`);
  });

  test('shows what its programs say, which azd keeps to itself otherwise', () => {
    expect(azure.match(/^ {6}interactive: true\n {6}run: /gm)).toHaveLength(4);
  });

  test('has nothing built on Azure, where nothing would be there to build with', () => {
    expect(azure).toMatch(/^ {4}remoteBuild: false$/m);
    expect(azure).toMatch(/^ {2}azd: ">= 1\.23\.12"$/m);
  });
});

test('an environment of azd has every output that the programs after it read', () => {
  const read = [...text('infra/azure/connection.ts').matchAll(/^ {2}([A-Z][A-Z_]+): z\./gm)].map(
    ([, name]) => name,
  );
  const outputs = fileNamed('main.bicep').outputs.map(({ symbol }) => symbol);

  expect(read.length).toBeGreaterThan(3);
  expect(read.filter(name => !outputs.includes(name ?? ''))).toEqual([]);
});
