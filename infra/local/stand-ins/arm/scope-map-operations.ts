import * as z from 'zod';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { ACTIONS } from './actions.ts';
import { type ChildKind, childOperations } from './child-operations.ts';
import { conflict, invalid } from './errors.ts';
import { type RegistryCall, readBody } from './operation.ts';
import { parseScopeMapAction } from './scope-map-actions.ts';
import type { ScopeMap } from './scope-maps.ts';

export const scopeMapOperations = childOperations<ScopeMap>({
  kind: 'scopeMaps',
  plural: 'scope maps',
  actions: {
    read: ACTIONS.readScopeMaps,
    write: ACTIONS.writeScopeMaps,
    delete: ACTIONS.deleteScopeMaps,
    readOperations: ACTIONS.readScopeMapOperations,
  },
  of: ({ scopeMaps }) => scopeMaps,
  counts: ({ type }) => type === 'UserDefined',
  properties: ({ type, description, actions }) => ({ type, description, actions }),
  ...{ change, remove },
});

/** Of one scope map, in every SKU. */
const MOST_ACTIONS = 500;
const MOST_REPOSITORIES = 500;

const Properties = z.object({ description: z.string().optional(), actions: z.array(z.string()).optional() });
const Body = z.object({ properties: Properties });

function change(
  { request, accounts: { scopeMaps } }: RegistryCall,
  name: string,
): ReturnType<ChildKind<ScopeMap>['change']> {
  const read = readBody(request, Body);
  if ('refusal' in read) return read;
  const { description, actions } = read.body.properties;
  if (request.method === 'PUT' && !actions?.length) return refused('A scope map needs actions.');
  const fault = actions && faultOf(actions);
  if (fault) return refused(fault);
  if (scopeMaps.find(name)?.type === 'SystemDefined') {
    return refused(`The scope map '${name}' is system defined.`);
  }
  const changes = { ...(description !== undefined && { description }), ...(actions && { actions }) };
  return { changed: scopeMaps.put(name, changes) };
}

function refused(message: string): { refusal: StandInResponse } {
  return { refusal: invalid(message) };
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
function remove(
  { request, registry, accounts: { scopeMaps, tokens }, longRunning }: RegistryCall,
  name: string,
): StandInResponse {
  const map = scopeMaps.find(name);
  if (!map) return { status: 204 };
  if (map.type === 'SystemDefined') return invalid(`The scope map '${name}' is system defined.`);
  const user = tokens.all().find(token => scopeMaps.findById(token.scopeMapId) === map);
  if (user) return conflict('ScopeMapInUse', `The scope map '${name}' is used by the token '${user.name}'.`);
  scopeMaps.delete(name);
  return longRunning.ofProvider(request, registry);
}
