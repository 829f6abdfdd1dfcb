// Takes back what connect.bicep made outside of the bridge's resource group. azd runs it before it deletes that: what
// its identity was allowed to do elsewhere can be found only as long as it is there.
//
//   node --import tsx infra/azure/disconnect.ts                     with the outputs of main.bicep in the environment
//   node --import tsx infra/azure/disconnect.ts --deployment NAME   with those of a deployment in Azure

import { parseArgs } from 'node:util';
import { AzError, az } from './az.ts';
import { type Outputs, placeOf, type Registry, readOutputs, systemTopicOf } from './connection.ts';

/** @throws AzError */
export async function disconnect(outputs: Outputs, log: (line: string) => void): Promise<void> {
  const { registries, bridgePrincipalId, coderPrincipalId, eventsTopicId } = outputs.BRIDGE_CONNECTION;
  for (const registry of registries) {
    log(`Disconnecting the registry ${registry.name} …`);
    await removeEvents(registry, outputs.BRIDGE_APP_NAME, bridgePrincipalId);
    await removeAssignments(registry.resourceId, [bridgePrincipalId, coderPrincipalId]);
    await removeRole(registry, log);
  }
  if (eventsTopicId) await removeAssignments(eventsTopicId, [bridgePrincipalId]);
}

/** The subscription; and the system topic with the last one, unless it was there before. */
async function removeEvents(registry: Registry, subscription: string, principalId: string): Promise<void> {
  const topic = systemTopicOf(registry);
  const place = placeOf(registry.resourceId);
  const where = ['--subscription', place.subscription, '--resource-group', place.group];
  const subscriptions = ['eventgrid', 'system-topic', 'event-subscription'];
  const topicId = `/subscriptions/${place.subscription}/resourceGroups/${place.group}/providers/Microsoft.EventGrid/systemTopics/${topic}`;
  await removeAssignments(topicId, [principalId]);
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
async function removeRole(
  { resourceId, credentialKind }: Registry,
  log: (line: string) => void,
): Promise<void> {
  if (!['admin', 'token'].includes(credentialKind)) return;
  const { subscription, group, name } = placeOf(resourceId);
  const role = `Coder ACR Bridge Credential Manager (${credentialKind}, ${name})`;
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
  const { values } = parseArgs({ options: { deployment: { type: 'string' } } });
  const outputs = await readOutputs(process.env, values.deployment);
  if (outputs) await disconnect(outputs, console.log);
}

if (process.argv[1] === import.meta.filename) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
