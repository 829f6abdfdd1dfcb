import * as z from 'zod';
import type { StandInResponse } from '../../stand-in.ts';
import { ACTIONS } from './actions.ts';
import { CHILD_NAME, childBody, mostChildren, provisioningState } from './child-resource.ts';
import { childNotFound, conflict, invalid } from './errors.ts';
import { type Operation, type RegistryCall, readBody } from './operation.ts';
import { parseScopeMapAction } from './scope-map-actions.ts';
import type { ScopeMap } from './scope-maps.ts';

const SUFFIX = '/scopeMaps/([^/]+)';

export const scopeMapOperations: Operation[] = [
  { method: 'GET', suffix: '/scopeMaps', action: ACTIONS.readScopeMaps, handle: list },
  { method: 'GET', suffix: SUFFIX, action: ACTIONS.readScopeMaps, handle: get },
  { method: 'PUT', suffix: SUFFIX, action: ACTIONS.writeScopeMaps, handle: put },
  { method: 'PATCH', suffix: SUFFIX, action: ACTIONS.writeScopeMaps, handle: patch },
  { method: 'DELETE', suffix: SUFFIX, action: ACTIONS.deleteScopeMaps, handle: remove },
  {
    method: 'GET',
    suffix: `${SUFFIX}/operationStatuses/([^/]+)`,
    action: ACTIONS.readScopeMapOperations,
    handle: ({ longRunning, request, names: [, id = ''] }) => longRunning.status(request, id),
  },
];

/** Of one scope map, in every SKU. */
const MOST_ACTIONS = 500;
const MOST_REPOSITORIES = 500;

const Properties = z.object({ description: z.string().optional(), actions: z.array(z.string()).optional() });
const Body = z.object({ properties: Properties });

function list({ accounts, now }: RegistryCall): StandInResponse {
  return { status: 200, body: { value: accounts.scopeMaps.all().map(map => body(map, now)) } };
}

function get({ accounts, now, names: [name = ''] }: RegistryCall): StandInResponse {
  const map = accounts.scopeMaps.find(name);
  return map ? { status: 200, body: body(map, now) } : childNotFound('scopeMaps', name);
}

function put(call: RegistryCall): StandInResponse {
  const { registry, accounts, names } = call;
  const [name = ''] = names;
  if (accounts.scopeMaps.find(name)) return change(call, 200);
  if (!CHILD_NAME.test(name)) return invalid(`The name '${name}' does not match ${CHILD_NAME.source}.`);
  const own = accounts.scopeMaps.all().filter(({ type }) => type === 'UserDefined');
  if (own.length >= mostChildren(registry)) {
    return conflict('QuotaExceeded', `The registry has ${own.length} scope maps, the most that it can have.`);
  }
  return change(call, 201);
}

function patch(call: RegistryCall): StandInResponse {
  const [name = ''] = call.names;
  return call.accounts.scopeMaps.find(name) ? change(call, 200) : childNotFound('scopeMaps', name);
}

function change({ request, accounts, longRunning, names: [name = ''] }: RegistryCall, status: number) {
  const read = readBody(request, Body);
  if ('refusal' in read) return read.refusal;
  const { description, actions } = read.body.properties;
  if (request.method === 'PUT' && !actions?.length) return invalid('A scope map needs actions.');
  const fault = actions && faultOf(actions);
  if (fault) return invalid(fault);
  if (accounts.scopeMaps.find(name)?.type === 'SystemDefined') {
    return invalid(`The scope map '${name}' is system defined.`);
  }
  const changes = { ...(description !== undefined && { description }), ...(actions && { actions }) };
  const map = accounts.scopeMaps.put(name, changes);
  const headers = longRunning.onResource(request, map.id, map.doing);
  return { status, headers, body: childBody(map, map.doing, properties(map)) };
}

function faultOf(actions: string[]): string | undefined {
  const parsed = actions.map(parseScopeMapAction);
  const wrong = actions.find((_, at) => !parsed[at]);
  if (wrong !== undefined) return `The action '${wrong}' is not valid.`;
  if (actions.length > MOST_ACTIONS) return `A scope map takes ${MOST_ACTIONS} actions at most.`;
  const repositories = new Set(parsed.map(action => action?.repository)).size;
  return repositories > MOST_REPOSITORIES
    ? `A scope map takes ${MOST_REPOSITORIES} repositories at most.`
    : undefined;
}

/** Tokens come first: https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions */
function remove({
  request,
  registry,
  accounts,
  longRunning,
  names: [name = ''],
}: RegistryCall): StandInResponse {
  const map = accounts.scopeMaps.find(name);
  if (!map) return { status: 204 };
  if (map.type === 'SystemDefined') return invalid(`The scope map '${name}' is system defined.`);
  const user = accounts.tokens.all().find(token => accounts.scopeMaps.findById(token.scopeMapId) === map);
  if (user) return conflict('ScopeMapInUse', `The scope map '${name}' is used by the token '${user.name}'.`);
  accounts.scopeMaps.delete(name);
  return longRunning.ofProvider(request, registry);
}

function body(map: ScopeMap, now: Date) {
  return childBody(map, provisioningState(map, now), properties(map));
}

function properties({ type, description, actions }: ScopeMap) {
  return { type, description, actions };
}
