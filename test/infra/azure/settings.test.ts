import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSettings, SETTING_NAMES } from '../../../shared/settings.ts';
import { deployed, deployedSettings, literalsOf } from './deployed-app.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Settings that the deployment leaves as they are, each with the reason. */
const LEFT_ALONE = {
  KEY_VAULT_CHALLENGE_CHECK: 'is off only outside of Azure',
  CODER_TOKEN_SECRET: 'vault.bicep stores the token under the name that is the default',
  AZURE_TOKEN_CREDENTIALS: 'is for laptops',
};

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings; none that Flex Consumption refuses. */
const OF_THE_PLATFORM = [
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__tableServiceUri',
];

const settings = deployedSettings({
  tableEndpoint: 'https://account.table.core.windows.net/',
  vaultUrl: 'https://vault.vault.azure.net/',
  coderUrl: 'https://coder.example.com',
  coderGeneration: 'classic',
  coderOrganizationId: 'organization-1',
  identityClientId: 'client-1',
  eventsTopicEndpoint: 'https://topic.westeurope-1.eventgrid.azure.net/api/events',
});
const optional = literalsOf('SettingName');

describe('the settings of the app', () => {
  test('are those that the code reads, each set, left to a person, or unset for a reason', () => {
    const set = Object.keys(settings).filter(name => !OF_THE_PLATFORM.includes(name));

    expect([...set, ...optional, ...Object.keys(LEFT_ALONE)].sort()).toEqual([...SETTING_NAMES].sort());
  });

  test('are right, and all that the code requires', () => {
    expect(readSettings(settings)).toMatchObject({
      TABLES_URL: 'https://account.table.core.windows.net',
      KEY_VAULT_URL: 'https://vault.vault.azure.net',
      CODER_URL: 'https://coder.example.com',
      CODER_GENERATION: 'classic',
      CODER_ORGANIZATION_ID: 'organization-1',
      AZURE_CLIENT_ID: 'client-1',
      ARM_URL: 'https://management.azure.com',
      ARM_AUDIENCE: 'https://management.azure.com',
    });
  });

  test('leave out what was not given, and take what a person gives', () => {
    expect(deployedSettings({ eventsTopicEndpoint: '' })).not.toHaveProperty('EVENTS_TOPIC_ENDPOINT');
    expect(
      deployedSettings({ optionalSettings: [{ name: 'DEFAULT_CPU_CORES', value: '2' }] }),
    ).toHaveProperty('DEFAULT_CPU_CORES', '2');
  });

  test('beside those of the code are those of the platform', () => {
    const others = Object.keys(settings).filter(name => !SETTING_NAMES.includes(name));

    expect(others.sort()).toEqual(OF_THE_PLATFORM);
    expect(settings).toMatchObject({
      AzureWebJobsStorage__credential: 'managedidentity',
      AzureWebJobsStorage__clientId: 'client-1',
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=client-1;Authorization=AAD',
    });
  });

  test('are the only variables that the code reads', () => {
    const sources = ['functions', 'shared'].flatMap(folder =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.ts'))
        .map(file => readFileSync(join(ROOT, folder, file), 'utf8')),
    );
    const read = sources.flatMap(text =>
      [...text.matchAll(/\benv(?:ironment)?\.([A-Z_]{3,})/g)].map(([, name]) => name),
    );

    // Whether Easy Auth is on is told by the platform itself.
    expect(
      read
        .filter(name => !SETTING_NAMES.includes(name ?? ''))
        .filter(name => name !== 'WEBSITE_AUTH_ENABLED'),
    ).toEqual([]);
  });
});

test('the session token is stored where the app looks for it', () => {
  const required = { TABLES_URL: 'https://a', KEY_VAULT_URL: 'https://b', CODER_URL: 'https://c' };

  expect(deployed('vault.bicep', 'sessionToken', 'name')).toBe(readSettings(required).CODER_TOKEN_SECRET);
});
