import * as z from 'zod';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { ACTIONS } from './actions.ts';
import { type ChildKind, childOperations } from './child-operations.ts';
import { invalid } from './errors.ts';
import { type RegistryCall, readBody } from './operation.ts';
import { type AcrToken, TOKEN_PASSWORDS } from './tokens.ts';

export const tokenOperations = childOperations<AcrToken>({
  kind: 'tokens',
  plural: 'tokens',
  actions: {
    read: ACTIONS.readTokens,
    write: ACTIONS.writeTokens,
    delete: ACTIONS.deleteTokens,
    readOperations: ACTIONS.readTokenOperations,
  },
  of: ({ tokens }) => tokens,
  counts: () => true,
  ...{ properties, change, remove },
});

const Properties = z.object({
  scopeMapId: z.string().optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
  /** Only its names count: values cannot be chosen, and an expiry cannot be changed. */
  credentials: z
    .object({ passwords: z.array(z.object({ name: z.enum(TOKEN_PASSWORDS) })).optional() })
    .optional(),
});
const Body = z.object({ properties: Properties });

function change(
  { request, accounts }: RegistryCall,
  name: string,
): ReturnType<ChildKind<AcrToken>['change']> {
  const read = readBody(request, Body);
  if ('refusal' in read) return read;
  const { scopeMapId, status, credentials } = read.body.properties;
  if (request.method === 'PUT' && !scopeMapId) return { refusal: invalid('A token needs a scope map.') };
  if (scopeMapId && !accounts.scopeMaps.findById(scopeMapId)) {
    return { refusal: invalid(`The scope map '${scopeMapId}' does not exist.`) };
  }
  const token = accounts.tokens.put(name, { ...(scopeMapId && { scopeMapId }), ...(status && { status }) });
  if (credentials?.passwords) keepOnly(token, accounts, credentials.passwords);
  return { changed: token };
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

function remove({ request, registry, accounts, longRunning }: RegistryCall, name: string): StandInResponse {
  return accounts.tokens.delete(name) ? longRunning.ofProvider(request, registry) : { status: 204 };
}

/** Values are never among them: they are seen once, in the answer to generateCredentials. */
function properties({ scopeMapId, status, passwords }: AcrToken) {
  const described = passwords.map(({ name, createdAt, expiry }) => ({
    ...{ name, creationTime: createdAt.toISOString() },
    ...(expiry && { expiry: expiry.toISOString() }),
  }));
  return { scopeMapId, status, credentials: described.length > 0 ? { passwords: described } : {} };
}
