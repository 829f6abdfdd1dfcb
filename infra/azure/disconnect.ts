// Takes back what connect.bicep made outside of the bridge's resource group. azd runs it before it deletes that: what
// its identity was allowed to do elsewhere can be found only as long as it is there.
//
//   node --import tsx infra/azure/disconnect.ts                     with the outputs of main.bicep in the environment
//   node --import tsx infra/azure/disconnect.ts --deployment NAME   with those of a deployment in Azure
//
// With --registry NAME it does that for one registry alone.

import { parseArgs } from 'node:util';
import * as z from 'zod';
import { issuingRole } from '../../shared/azure/commands.ts';
import { AzError, az } from './az.ts';
import {
  NO_OUTPUTS,
  type Outputs,
  placeOf,
  type Registry,
  readOutputs,
  systemTopicOf,
} from './connection.ts';

type Log = (line: string) => void;

/** Takes back what the bridge has at all of its registries, and at the topic that it tells. @throws AzError */
export async function disconnect(outputs: Outputs, log: Log): Promise<void> {
  const { registries, bridgePrincipalId, eventsTopicId } = outputs.BRIDGE_CONNECTION;
  for (const registry of registries) await disconnectRegistry(outputs, registry, log);
  if (eventsTopicId) await removeAssignments(eventsTopicId, [bridgePrincipalId]);
}

/** Takes back what the bridge has at one registry. @throws Error when it is connected with none of that name; AzError */
export async function disconnectOne(outputs: Outputs, name: string, log: Log): Promise<void> {
  const { registries } = outputs.BRIDGE_CONNECTION;
  const registry = registries.find(one => one.name === name);
  const names = registries.map(one => one.name).join(', ') || 'none';
  if (!registry) throw new Error(`The bridge was deployed with no registry ${name}, but with: ${names}`);
  await disconnectRegistry(outputs, registry, log);
}

async function disconnectRegistry(outputs: Outputs, registry: Registry, log: Log): Promise<void> {
  const { bridgePrincipalId, coderPrincipalId } = outputs.BRIDGE_CONNECTION;
  log(`Disconnecting the registry ${registry.name} …`);
  await removeEvents(registry, outputs);
  await removeAssignments(registry.resourceId, [bridgePrincipalId, coderPrincipalId]);
  await removeRole(registry, log);
}

/** The alert and the subscription; and the system topic with the last one, unless it was there before. */
async function removeEvents(registry: Registry, outputs: Outputs): Promise<void> {
  const topic = systemTopicOf(registry);
  const place = placeOf(registry.resourceId);
  const where = ['--subscription', place.subscription, '--resource-group', place.group];
  const subscriptions = ['eventgrid', 'system-topic', 'event-subscription'];
  const subscription = outputs.BRIDGE_APP_NAME;
  const topicId = `/subscriptions/${place.subscription}/resourceGroups/${place.group}/providers/Microsoft.EventGrid/systemTopics/${topic}`;
  await removeAlert(topicId, outputs.BRIDGE_CONNECTION.functionAppId);
  await removeAssignments(topicId, [outputs.BRIDGE_CONNECTION.bridgePrincipalId]);
  await unlessGone(() =>
    az(...subscriptions, 'delete', ...where, '--system-topic-name', topic, '--name', subscription, '--yes'),
  );
  if (registry.existingSystemTopic) return;
  await unlessGone(async () => {
    const names = ['--query', '[].name', '--output', 'tsv'];
    const others = await az(...subscriptions, 'list', ...where, '--system-topic-name', topic, ...names);
    if (!others) await az('eventgrid', 'system-topic', 'delete', ...where, '--name', topic, '--yes');
  });
}

const Alerts = z.array(z.object({ id: z.string(), scopes: z.array(z.string()) }));

/** The alert of dead letters, which lies beside the bridge. */
async function removeAlert(topicId: string, functionAppId: string): Promise<void> {
  await unlessGone(async () => {
    const { subscription, group } = placeOf(functionAppId);
    const list = await az(
      ...['monitor', 'metrics', 'alert', 'list', '--subscription', subscription],
      ...['--resource-group', group, '--query', '[].{id: id, scopes: scopes}', '--output', 'json'],
    );
    // Resource Manager does not keep the case of ids.
    const isOurs = (scope: string) => scope.toLowerCase() === topicId.toLowerCase();
    const ours = Alerts.parse(JSON.parse(list || '[]')).filter(({ scopes }) => scopes.some(isOurs));
    if (ours.length > 0) await az('monitor', 'metrics', 'alert', 'delete', '--ids', ...ours.map(a => a.id));
  });
}

async function removeAssignments(scope: string, principalIds: string[]): Promise<void> {
  await unlessGone(async () => {
    const { subscription } = placeOf(scope);
    const ours = principalIds.filter(id => id !== '').map(id => `principalId=='${id}'`);
    const ids = await az(
      ...['role', 'assignment', 'list', '--subscription', subscription, '--scope', scope],
      ...['--query', `[?${ours.join(' || ')}].id`, '--output', 'tsv'],
    );
    if (ids) await az('role', 'assignment', 'delete', '--ids', ...ids.split(/\s+/));
  });
}

/** Another bridge may still be assigned the registry's role. */
async function removeRole({ resourceId, credentialKind }: Registry, log: Log): Promise<void> {
  if (credentialKind !== 'admin' && credentialKind !== 'token') return;
  const { subscription, group, name } = placeOf(resourceId);
  const role = issuingRole(credentialKind, name);
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}`;
  try {
    await unlessGone(() => az('role', 'definition', 'delete', '--name', role, '--scope', scope));
  } catch (error) {
    if (!(error instanceof AzError && /RoleDefinitionHasAssignments/.test(error.message))) throw error;
    log(`Kept the role "${role}", which somebody else is assigned.`);
  }
}

async function unlessGone(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof AzError && error.isNotFound)) throw error;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { deployment: { type: 'string' }, registry: { type: 'string' } } });
  const outputs = await readOutputs(process.env, values.deployment);
  if (values.registry === undefined) {
    // azd goes down also where nothing was deployed.
    if (outputs) await disconnect(outputs, console.log);
    return;
  }
  if (!outputs) throw new Error(NO_OUTPUTS);
  await disconnectOne(outputs, values.registry, console.log);
}

if (process.argv[1] === import.meta.filename) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
