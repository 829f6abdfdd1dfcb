import * as z from 'zod';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { ACTIONS } from './actions.ts';
import type { ArmBehaviour } from './behaviour.ts';
import { provisioningState } from './child-resource.ts';
import { childNotFound, conflict, invalid } from './errors.ts';
import { type Operation, type RegistryCall, readBody } from './operation.ts';
import type { Password } from './password.ts';
import { type AcrToken, TOKEN_PASSWORDS, type TokenPasswordName } from './tokens.ts';

const Parameters = z.object({
  tokenId: z.string(),
  /** Both, when absent. */
  name: z.enum(TOKEN_PASSWORDS).optional(),
  expiry: z.iso.datetime({ offset: true }).optional(),
});

/** New passwords for a token. */
export function generateCredentialsOperation(behaviour: Readonly<ArmBehaviour>): Operation {
  return {
    method: 'POST',
    suffix: '/generateCredentials',
    action: ACTIONS.generateCredentials,
    handle(call) {
      const generated = generate(call);
      if ('refusal' in generated) return generated.refusal;
      if (!behaviour.generatesLater) return { status: 200, body: generated };
      return call.longRunning.ofProvider(call.request, call.registry, generated);
    },
  };
}

function generate({ request, accounts: { tokens }, now }: RegistryCall) {
  const read = readBody(request, Parameters);
  if ('refusal' in read) return read;
  const { tokenId, name } = read.body;
  const expiry = read.body.expiry === undefined ? undefined : new Date(read.body.expiry);
  const token = tokens.all().find(({ id }) => id.toLowerCase() === tokenId.toLowerCase());
  if (!token) return { refusal: childNotFound('tokens', tokenId.split('/').at(-1) ?? '') };
  if (expiry && expiry <= now) return { refusal: invalid('The expiry must be in the future.') };
  if (provisioningState(token, now) !== 'Succeeded') return { refusal: notActive(token) };
  const made = tokens.generate(token.name, name ? [name] : TOKEN_PASSWORDS, expiry);
  return { username: token.name, passwords: token.passwords.map(password => describe(password, made)) };
}

/** The answer also lists the other password, but without its value, which was shown only when it was new. */
function describe(
  { name, createdAt, expiry, value }: Password<TokenPasswordName>,
  made: readonly Password<TokenPasswordName>[],
) {
  return {
    ...{ name, creationTime: createdAt.toISOString() },
    ...(expiry && { expiry: expiry.toISOString() }),
    ...(made.some(password => password.name === name) && { value }),
  };
}

function notActive({ name }: AcrToken): StandInResponse {
  return conflict('TokenNotActive', `The token '${name}' is not active yet.`);
}
