import * as z from 'zod';
import type { StandInResponse } from '../../stand-in.ts';
import { ACTIONS } from './actions.ts';
import { CHILD_NAME, childBody, mostChildren, provisioningState } from './child-resource.ts';
import { childNotFound, conflict, invalid } from './errors.ts';
import { type Operation, type RegistryCall, readBody } from './operation.ts';
import { type AcrToken, TOKEN_PASSWORDS } from './tokens.ts';

const SUFFIX = '/tokens/([^/]+)';

export const tokenOperations: Operation[] = [
  { method: 'GET', suffix: '/tokens', action: ACTIONS.readTokens, handle: list },
  { method: 'GET', suffix: SUFFIX, action: ACTIONS.readTokens, handle: get },
  { method: 'PUT', suffix: SUFFIX, action: ACTIONS.writeTokens, handle: put },
  { method: 'PATCH', suffix: SUFFIX, action: ACTIONS.writeTokens, handle: patch },
  { method: 'DELETE', suffix: SUFFIX, action: ACTIONS.deleteTokens, handle: remove },
  {
    method: 'GET',
    suffix: `${SUFFIX}/operationStatuses/([^/]+)`,
    action: ACTIONS.readTokenOperations,
    handle: ({ longRunning, request, names: [, id = ''] }) => longRunning.status(request, id),
  },
];

const Properties = z.object({
  scopeMapId: z.string().optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
  /** Only its names count: values cannot be chosen, and an expiry cannot be changed. */
  credentials: z
    .object({ passwords: z.array(z.object({ name: z.enum(TOKEN_PASSWORDS) })).optional() })
    .optional(),
});
const Body = z.object({ properties: Properties });

function list({ accounts, now }: RegistryCall): StandInResponse {
  return { status: 200, body: { value: accounts.tokens.all().map(token => body(token, now)) } };
}

function get({ accounts, now, names: [name = ''] }: RegistryCall): StandInResponse {
  const token = accounts.tokens.find(name);
  return token ? { status: 200, body: body(token, now) } : childNotFound('tokens', name);
}

function put(call: RegistryCall): StandInResponse {
  const { registry, accounts, names } = call;
  const [name = ''] = names;
  if (accounts.tokens.find(name)) return change(call, 200);
  if (!CHILD_NAME.test(name)) return invalid(`The name '${name}' does not match ${CHILD_NAME.source}.`);
  const { length } = accounts.tokens.all();
  if (length >= mostChildren(registry)) {
    return conflict('QuotaExceeded', `The registry has ${length} tokens, the most that it can have.`);
  }
  return change(call, 201);
}

function patch(call: RegistryCall): StandInResponse {
  const [name = ''] = call.names;
  return call.accounts.tokens.find(name) ? change(call, 200) : childNotFound('tokens', name);
}

function change({ request, accounts, longRunning, names: [name = ''] }: RegistryCall, status: number) {
  const read = readBody(request, Body);
  if ('refusal' in read) return read.refusal;
  const { scopeMapId, status: enabled, credentials } = read.body.properties;
  if (request.method === 'PUT' && !scopeMapId) return invalid('A token needs a scope map.');
  if (scopeMapId && !accounts.scopeMaps.findById(scopeMapId)) {
    return invalid(`The scope map '${scopeMapId}' does not exist.`);
  }
  const token = accounts.tokens.put(name, {
    ...(scopeMapId && { scopeMapId }),
    ...(enabled && { status: enabled }),
  });
  if (credentials?.passwords) keepOnly(token, accounts, credentials.passwords);
  const headers = longRunning.onResource(request, token.id, token.doing);
  return { status, headers, body: childBody(token, token.doing, properties(token)) };
}

/** A list of passwords removes those that it leaves out: github.com/hashicorp/terraform-provider-azurerm/pull/15939 */
function keepOnly(
  { name, passwords }: AcrToken,
  { tokens }: RegistryCall['accounts'],
  kept: { name: string }[],
) {
  for (const password of passwords) {
    if (!kept.some(other => other.name === password.name)) tokens.removePassword(name, password.name);
  }
}

function remove({
  request,
  registry,
  accounts,
  longRunning,
  names: [name = ''],
}: RegistryCall): StandInResponse {
  return accounts.tokens.delete(name) ? longRunning.ofProvider(request, registry) : { status: 204 };
}

function body(token: AcrToken, now: Date) {
  return childBody(token, provisioningState(token, now), properties(token));
}

/** Values are never among them: they are seen once, in the answer to generateCredentials. */
function properties({ scopeMapId, status, passwords }: AcrToken) {
  const described = passwords.map(({ name, createdAt, expiry }) => ({
    ...{ name, creationTime: createdAt.toISOString() },
    ...(expiry && { expiry: expiry.toISOString() }),
  }));
  return { scopeMapId, status, credentials: described.length > 0 ? { passwords: described } : {} };
}
