import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../../infra/azure/connect.ts';
import type { Outputs } from '../../../infra/azure/connection.ts';
import { type App, startApp } from '../../support/app.ts';
import { type FakeAz, fakeAz, outputsWith, type Rule } from './fake-az.ts';

let app: App;
let az: FakeAz;
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
  az = await fakeAz();
});
afterEach(async () => {
  app.clearFaults();
  await az.remove();
});

const answers = (...rules: Rule[]) =>
  az.answer(...rules, { match: 'functionapp keys list', output: app.environment.keys.host });
const outputsFor = (...registries: object[]) =>
  outputsWith(app.environment.host.url, ...registries) as unknown as Outputs;
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

    const [deployment] = await az.calls();
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

  test('adds a registry to the organization that it names', async () => {
    await app.api('DELETE', 'registries/fabrikam');
    const [fabrikam] = app.environment.cloud.otherRegistries;
    await answers();

    const outputs = outputsFor({
      ...{ name: 'fabrikam', resourceId: fabrikam?.resourceId, credentialKind: 'managed-identity' },
      organizationId: 'organization-2',
    });
    expect(await connect(outputs, surroundings)).toBe(true);
    const { text } = await app.api('GET', 'registries/fabrikam');
    expect(JSON.parse(text).organizationId).toBe('organization-2');
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
    expect(logged.join('\n')).toContain('may not do this with fabrikam');
    expect((await app.api('GET', 'registries/fabrikam')).status).toBe(200);
  });

  test('ends at once with a fault that only a person can repair', async () => {
    const refusal = 'AuthorizationFailed: The client may not write role assignments';
    await answers({ match: '^deployment sub create', error: refusal });

    await expect(connect(outputsFor(contoso()), surroundings)).rejects.toThrow(refusal);
    expect([waits, await az.commands()]).toEqual([[], [expect.stringContaining('deployment sub create')]]);
  });

  test('says which registry it could not add and why, after the others', async () => {
    await answers();
    const wrong = { name: 'northwind', resourceId: `${contoso().resourceId}-none`, credentialKind: 'token' };

    expect(await connect(outputsFor(wrong, contoso()), surroundings)).toBe(false);
    expect(logged.find(line => line.startsWith('Not added: northwind'))).toMatch(/\n {2}resourceId: \S/);
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

  test('never shows a key', async () => {
    await answers();
    await connect(outputsFor(contoso()), surroundings);

    expect(logged.join('\n')).not.toContain(app.environment.keys.host);
  });
});
