import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../../infra/azure/connect.ts';
import { type Outputs, readOutputs } from '../../../infra/azure/connection.ts';
import { disconnect } from '../../../infra/azure/disconnect.ts';
import { type App, startApp } from '../../support/app.ts';

/**
 * Stands in for the Azure CLI: notes each call with the parameters file that it names, and answers with the first rule
 * that its arguments match; a rule that fails has an `error`, and one with `times` ends after so many.
 */
const FAKE_AZ = `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const args = process.argv.slice(2);
const file = args.find(arg => arg.startsWith('@'));
const parameters = file && JSON.parse(readFileSync(file.slice(1), 'utf8')).parameters;
appendFileSync(join(__dirname, 'calls'), JSON.stringify({ args, parameters }) + '\\n');
const rules = JSON.parse(readFileSync(join(__dirname, 'rules'), 'utf8'));
const rule = rules.find(({ match, times }) => new RegExp(match).test(args.join(' ')) && times !== 0);
if (rule?.times) rule.times -= 1;
writeFileSync(join(__dirname, 'rules'), JSON.stringify(rules));
if (rule?.error) { console.error(rule.error); process.exit(1); }
console.log(rule?.output ?? '');
`;

interface Rule {
  match: string;
  output?: string;
  error?: string;
  times?: number;
}

let app: App;
let folder: string;
let path: string | undefined;
const logged: string[] = [];
const waits: number[] = [];
const surroundings = {
  log: (line: string) => void logged.push(line),
  wait: async (ms: number) => void waits.push(ms),
};

beforeAll(async () => {
  app = await startApp({ registries: ['fabrikam'] });
});
afterAll(() => app.close());
beforeEach(async () => {
  logged.length = 0;
  waits.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'az-'));
  await writeFile(join(folder, 'az'), FAKE_AZ);
  await chmod(join(folder, 'az'), 0o755);
  await writeFile(join(folder, 'calls'), '');
  path = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${path}`;
});
afterEach(async () => {
  process.env.PATH = path;
  app.clearFaults();
  await rm(folder, { recursive: true });
});

const answers = (...rules: Rule[]) =>
  writeFile(
    join(folder, 'rules'),
    JSON.stringify([...rules, { match: 'functionapp keys list', output: app.environment.keys.host }]),
  );

async function calls(): Promise<{ args: string[]; parameters?: Record<string, { value: unknown }> }[]> {
  const lines = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  return lines.filter(line => line !== '').map(line => JSON.parse(line));
}
const commands = async () => (await calls()).map(({ args }) => args.join(' '));

const APP_ID = '/subscriptions/s-1/resourceGroups/rg-test/providers/Microsoft.Web/sites/func-1';

/** What main.bicep gives, with these registries. */
function outputsFor(...registries: object[]): Outputs {
  return {
    AZURE_RESOURCE_GROUP: 'rg-test',
    BRIDGE_APP_NAME: 'func-1',
    BRIDGE_URL: app.environment.host.url,
    BRIDGE_VAULT_NAME: 'kv-1',
    BRIDGE_CONNECTION: {
      ...{ registries, bridgePrincipalId: 'bridge-1', coderPrincipalId: '', functionAppId: APP_ID },
      ...{ eventsTopicId: '', location: 'westeurope', deadLetterContainer: 'dead-letters' },
    },
  } as unknown as Outputs;
}

const contoso = (more: object = {}) => ({
  ...{ name: 'contoso', resourceId: app.environment.cloud.registry.resourceId, credentialKind: 'token' },
  ...more,
});

describe('connect', () => {
  test('deploys what is outside of the resource group, and adds the registries', async () => {
    const [fabrikam] = app.environment.cloud.otherRegistries;
    const outputs = outputsFor(contoso(), {
      ...{ name: 'fabrikam', resourceId: fabrikam?.resourceId, credentialKind: 'managed-identity' },
    });
    await answers();

    expect(await connect(outputs, surroundings)).toBe(true);

    const [deployment] = await calls();
    expect(deployment?.args.join(' ')).toMatch(
      /^deployment sub create --name func-1-connect --subscription s-1 --location westeurope --template-file \S+connect\.bicep --parameters @\S+ /,
    );
    expect(deployment?.parameters).toEqual(
      Object.fromEntries(Object.entries(outputs.BRIDGE_CONNECTION).map(([name, value]) => [name, { value }])),
    );
    const { text } = await app.api('GET', 'registries');
    expect(
      JSON.parse(text).items.map((item: { name: string; credential: { kind: string } }) => [
        item.name,
        item.credential.kind,
      ]),
    ).toEqual([
      ['contoso', 'token'],
      ['fabrikam', 'managed-identity'],
    ]);
    expect(waits).toEqual([]);
  });

  test('leaves a registry that is there as people have made it', async () => {
    const before = await app.api('GET', 'registries/contoso');
    await answers();

    expect(await connect(outputsFor(contoso({ credentialKind: 'admin' })), surroundings)).toBe(true);
    expect((await app.api('GET', 'registries/contoso')).text).toBe(before.text);
    expect(logged.join('\n')).toContain('was added before');
  });

  test('waits for what Azure does not know yet', async () => {
    const { arm } = app.environment.cloud.standIns;
    const body = { error: { code: 'AuthorizationFailed', message: 'no role yet' } };
    arm.faults.add({ method: 'GET', path: '/registries/fabrikam$', status: 403, body, times: 2 });
    await app.api('DELETE', 'registries/fabrikam');
    const [fabrikam] = app.environment.cloud.otherRegistries;
    await answers(
      { match: '^deployment sub create', error: 'Destination endpoint not found', times: 2 },
      { match: '^functionapp keys list', output: '', times: 1 },
    );

    const outputs = outputsFor({
      ...{ name: 'fabrikam', resourceId: fabrikam?.resourceId, credentialKind: 'managed-identity' },
    });
    expect(await connect(outputs, surroundings)).toBe(true);

    expect(waits).toEqual(Array(5).fill(60_000));
    expect(logged.join('\n')).toContain('may not read');
    expect((await app.api('GET', 'registries/fabrikam')).status).toBe(200);
  });

  test('ends at once with what only a person can mend', async () => {
    const refusal = 'AuthorizationFailed: The client may not write role assignments';
    await answers({ match: '^deployment sub create', error: refusal });

    await expect(connect(outputsFor(contoso()), surroundings)).rejects.toThrow(refusal);
    expect([waits, await commands()]).toEqual([[], [expect.stringContaining('deployment sub create')]]);
  });

  test('says which registry it could not add and why, after the others', async () => {
    await answers();
    const wrong = { name: 'northwind', resourceId: `${contoso().resourceId}-none`, credentialKind: 'token' };

    expect(await connect(outputsFor(wrong, contoso()), surroundings)).toBe(false);
    expect(logged.find(line => line.startsWith('Not added: northwind'))).toMatch(/resourceId|request/);
    expect(logged.join('\n')).toContain('The registry contoso was added before');
  });

  test('says how to store the session token, until it is there', async () => {
    const command = 'az keyvault secret set --vault-name kv-1 --name coder-session-token';
    await answers({ match: '^keyvault secret show', error: 'SecretNotFound', times: 1 });
    await connect(outputsFor(), surroundings);
    expect(logged.join('\n')).toContain(command);

    logged.length = 0;
    await answers({ match: '^keyvault secret show', output: 'https://kv-1/secrets/coder-session-token/1' });
    await connect(outputsFor(), surroundings);
    expect(logged.join('\n')).not.toContain(command);
    expect(logged.join('\n')).toContain('--resource-group rg-test --name func-1');
  });

  test('shows nobody a key', async () => {
    await answers();
    await connect(outputsFor(contoso()), surroundings);

    expect(logged.join('\n')).not.toContain(app.environment.keys.host);
  });
});

describe('outputs', () => {
  test('are those of azd, from the environment', async () => {
    const { BRIDGE_CONNECTION, ...rest } = outputsFor(contoso());
    const environment = { ...rest, BRIDGE_CONNECTION: JSON.stringify(BRIDGE_CONNECTION), HOME: '/' };

    expect(await readOutputs(environment, undefined)).toEqual(outputsFor(contoso()));
    expect(await readOutputs({}, undefined)).toBeUndefined();
  });

  test('or those of a deployment, whatever Resource Manager makes of their names', async () => {
    const entries = Object.entries(outputsFor(contoso())).map(([name, value]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      { type: 'any', value },
    ]);
    await answers({
      match: 'deployment sub show --name bridge',
      output: JSON.stringify(Object.fromEntries(entries)),
    });

    expect(await readOutputs({}, 'bridge')).toEqual(outputsFor(contoso()));
  });
});

describe('disconnect', () => {
  const log = surroundings.log;
  const where = '--subscription 00000000-0000-0000-0000-000000000001 --resource-group coder';

  test('takes back roles, subscription, topic and custom role', async () => {
    await answers({ match: 'role assignment list .*registries/contoso', output: 'a-1\na-2' });

    await disconnect(outputsFor(contoso()), log);

    const done = await commands();
    expect(done).toEqual(
      expect.arrayContaining([
        `eventgrid system-topic event-subscription delete ${where} --system-topic-name coder-acr-bridge-contoso --name func-1 --yes`,
        `eventgrid system-topic delete ${where} --name coder-acr-bridge-contoso --yes`,
        'role assignment delete --ids a-1 a-2',
        expect.stringMatching(
          /^role definition delete --name Coder ACR Bridge Credential Manager \(token, contoso\) --scope \S+\/coder$/,
        ),
      ]),
    );
    expect(done.filter(command => command.startsWith('role assignment list')).join()).toContain(
      "principalId=='bridge-1'",
    );
  });

  test.each([
    ['was there before', { existingSystemTopic: 'events' }, ''],
    ['another bridge listens to', {}, 'another-bridge'],
  ])('leaves a topic that %s', async (_, more, listening) => {
    await answers({ match: 'event-subscription list', output: listening });
    await disconnect(outputsFor(contoso(more)), log);

    const done = await commands();
    expect(done.filter(command => command.startsWith('eventgrid system-topic delete'))).toEqual([]);
    expect(done.filter(command => command.includes('event-subscription delete'))).toHaveLength(1);
  });

  test('goes on where something is gone already, and keeps a role that another bridge has', async () => {
    await answers(
      { match: '^eventgrid', error: '(ResourceNotFound) The Resource was not found' },
      { match: '^role assignment list', error: '(ResourceGroupNotFound) Resource group could not be found' },
      {
        match: '^role definition delete',
        error: '(RoleDefinitionHasAssignments) There are existing role assignments',
      },
    );

    await disconnect(outputsFor(contoso()), log);
    expect(logged.at(-1)).toMatch(/^Kept the role/);
  });

  test('stops at what it may not take back, before the identity is gone that it would be found by', async () => {
    await answers({ match: '^role assignment list', error: '(AuthorizationFailed) no' });

    await expect(disconnect(outputsFor(contoso()), log)).rejects.toThrow('AuthorizationFailed');
  });
});
