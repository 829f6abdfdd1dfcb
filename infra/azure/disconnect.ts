// Removes what connect.bicep created outside the bridge's resource group. azd runs it before it deletes that group, because
// role assignments can be found only while the identity exists.
//
//   node --import tsx infra/azure/disconnect.ts                     with the outputs of main.bicep in the environment
//   node --import tsx infra/azure/disconnect.ts --deployment NAME   with those of a deployment in Azure
//
// With --registry NAME it does that for one registry alone.

import { parseArgs } from 'node:util';
import * as z from 'zod';
import { issuingRole } from '../../shared/azure/arm/issuing-role.ts';
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

/** Removes what the bridge has at all registries, and its role at the events topic. @throws AzError */
export async function disconnect(outputs: Outputs, log: Log): Promise<void> {
  const { registries, bridgePrincipalId, eventsTopicId } = outputs.BRIDGE_CONNECTION;
  for (const registry of registries) await disconnectRegistry(outputs, registry, log);
  if (eventsTopicId) await removeAssignments(eventsTopicId, [bridgePrincipalId]);
}

/** Removes what the bridge has at one registry. @throws Error when there is no such registry; AzError */
export async function disconnectOne(outputs: Outputs, name: string, log: Log): Promise<void> {
  const { registries } = outputs.BRIDGE_CONNECTION;
  const registry = registries.find(one => one.name === name);
  const names = registries.map(one => one.name).join(', ') || 'none';
  if (!registry)
    throw new Error(`The bridge was not deployed with a registry ${name}. It was deployed with: ${names}`);
  await disconnectRegistry(outputs, registry, log);
}

async function disconnectRegistry(outputs: Outputs, registry: Registry, log: Log): Promise<void> {
  const { bridgePrincipalId, coderPrincipalId } = outputs.BRIDGE_CONNECTION;
  log(`Disconnecting the registry ${registry.name} …`);
  await removeEvents(registry, outputs);
  await removeAssignments(registry.resourceId, [bridgePrincipalId, coderPrincipalId]);
  await removeRole(registry, log);
}

/** Removes alert and event subscription, and the system topic if connect.bicep created it and no other subscription uses it. */
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

/** Removes the dead-letter alert, which is in the bridge's resource group. */
async function removeAlert(topicId: string, functionAppId: string): Promise<void> {
  await unlessGone(async () => {
    const { subscription, group } = placeOf(functionAppId);
    const list = await az(
      ...['monitor', 'metrics', 'alert', 'list', '--subscription', subscription],
      ...['--resource-group', group, '--query', '[].{id: id, scopes: scopes}', '--output', 'json'],
    );
    // Resource Manager may change the case of ids.
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

/** Removes the registry's custom role, unless another bridge uses it. */
async function removeRole({ resourceId, credentialKind }: Registry, log: Log): Promise<void> {
  if (credentialKind !== 'admin' && credentialKind !== 'token') return;
  const { subscription, group, name } = placeOf(resourceId);
  const role = issuingRole(credentialKind, name);
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}`;
  try {
    await unlessGone(() => az('role', 'definition', 'delete', '--name', role, '--scope', scope));
  } catch (error) {
    if (!(error instanceof AzError && /RoleDefinitionHasAssignments/.test(error.message))) throw error;
    log(`Kept the role "${role}", because another identity is assigned it.`);
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
    // `azd down` also runs this if nothing was deployed.
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
