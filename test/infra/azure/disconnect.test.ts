import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Outputs, readOutputs } from '../../../infra/azure/connection.ts';
import { disconnect, disconnectOne } from '../../../infra/azure/disconnect.ts';
import { type FakeAz, fakeAz, outputsWith } from './fake-az.ts';

let az: FakeAz;
const logged: string[] = [];

beforeEach(async () => {
  logged.length = 0;
  az = await fakeAz();
});
afterEach(() => az.remove());

const outputsFor = (...registries: object[]) =>
  outputsWith('https://func-1.example.com', ...registries) as unknown as Outputs;
const contoso = (more: object = {}) => ({
  name: 'contoso',
  resourceId:
    '/subscriptions/s-2/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/Contoso',
  ...{ credentialKind: 'token', ...more },
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
    await az.answer({
      match: 'deployment sub show --name bridge',
      output: JSON.stringify(Object.fromEntries(entries)),
    });

    expect(await readOutputs({}, 'bridge')).toEqual(outputsFor(contoso()));
  });

  test('or no outputs of ours, which is said with what is wrong', async () => {
    const reading = readOutputs({ BRIDGE_CONNECTION: '{}' }, undefined);

    await expect(reading).rejects.toThrow(/not the outputs of infra\/azure\/main\.bicep[\s\S]*BRIDGE_URL/);
  });
});

describe('disconnect', () => {
  const log = (line: string) => void logged.push(line);
  const where = '--subscription s-2 --resource-group coder';

  test('deletes roles, subscription, topic and custom role', async () => {
    await az.answer({ match: 'role assignment list .*registries/Contoso', output: 'a-1\na-2' });

    await disconnect(outputsFor(contoso()), log);

    const done = await az.commands();
    expect(done).toEqual(
      expect.arrayContaining([
        `eventgrid system-topic event-subscription delete ${where} --system-topic-name coder-acr-bridge-Contoso --name func-1 --yes`,
        `eventgrid system-topic delete ${where} --name coder-acr-bridge-Contoso --yes`,
        'role assignment delete --ids a-1 a-2',
        expect.stringMatching(
          /^role definition delete --name Coder ACR Bridge Credential Manager \(token, Contoso\) --scope \S+\/coder$/,
        ),
      ]),
    );
    expect(done.filter(command => command.startsWith('role assignment list')).join()).toContain(
      "principalId=='bridge-1'",
    );
  });

  test('deletes the alert of that topic, whatever the case of its id, and no other', async () => {
    const alert = (id: string, topic: string) => ({
      id,
      scopes: [`/subscriptions/S-2/resourcegroups/coder/providers/Microsoft.EventGrid/systemTopics/${topic}`],
    });
    const alerts = [
      alert('alert-1', 'coder-acr-bridge-Contoso'),
      alert('alert-2', 'coder-acr-bridge-Fabrikam'),
    ];
    await az.answer({
      match: 'metrics alert list --subscription s-1 --resource-group rg-test',
      output: JSON.stringify(alerts),
    });

    await disconnect(outputsFor(contoso()), log);
    expect((await az.commands()).filter(command => command.includes('alert delete'))).toEqual([
      'monitor metrics alert delete --ids alert-1',
    ]);
  });

  test('disconnects only one registry, when it is named', async () => {
    const fabrikam = { name: 'fabrikam', resourceId: contoso().resourceId.replace('Contoso', 'Fabrikam') };
    const outputs = outputsFor(contoso(), contoso(fabrikam));
    outputs.BRIDGE_CONNECTION.eventsTopicId = '/subscriptions/s-1/resourceGroups/g/providers/t/topics/told';

    await disconnectOne(outputs, 'fabrikam', log);

    const done = (await az.commands()).join('\n');
    expect(done).toContain(`system-topic delete ${where} --name coder-acr-bridge-Fabrikam --yes`);
    expect(done).not.toMatch(/Contoso|told/);
    await expect(disconnectOne(outputs, 'northwind', log)).rejects.toThrow(
      'with a registry northwind. It was deployed with: contoso, fabrikam',
    );
  });

  test('is a program that takes the registry by name, and says so when nothing tells it what was deployed', async () => {
    const program = fileURLToPath(new URL('../../../infra/azure/disconnect.ts', import.meta.url));
    const start = (environment: object) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', program, '--registry', 'contoso'], {
        env: { ...process.env, ...environment },
      });
    const { BRIDGE_CONNECTION, ...rest } = outputsFor(contoso());

    await expect(start({})).rejects.toThrow('There is no deployment in the environment');
    const { stdout } = await start({ ...rest, BRIDGE_CONNECTION: JSON.stringify(BRIDGE_CONNECTION) });
    expect(stdout).toContain('Disconnecting the registry contoso');
  });

  test.each([
    ['was there before', { existingSystemTopic: 'events' }, ''],
    ['another bridge listens to', {}, 'another-bridge'],
  ])('leaves a topic that %s', async (_, more, listening) => {
    await az.answer({ match: 'event-subscription list', output: listening });
    await disconnect(outputsFor(contoso(more)), log);

    const done = await az.commands();
    expect(done.filter(command => command.startsWith('eventgrid system-topic delete'))).toEqual([]);
    expect(done.filter(command => command.includes('event-subscription delete'))).toHaveLength(1);
  });

  test('goes on where something is gone already, and keeps a role that another bridge has', async () => {
    await az.answer(
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

  test('stops at what it may not delete, before it deletes the identity that is needed to find it', async () => {
    await az.answer({ match: '^role assignment list', error: '(AuthorizationFailed) no' });

    await expect(disconnect(outputsFor(contoso()), log)).rejects.toThrow('AuthorizationFailed');
  });
});
