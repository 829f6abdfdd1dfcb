import type { V2Client } from '../client.ts';

/** The id of a token's key: Coder's tokens are `<id>-<secret>`. */
export function idOf(token: string): string {
  return token.split('-', 1)[0] as string;
}

/** What the session token lacks to renew itself, with the remedy; undefined when it lacks nothing. @throws ServiceError */
export async function missingRights(coder: V2Client, signal: AbortSignal): Promise<string | undefined> {
  const object = { resource_type: 'api_key', owner_id: 'me' };
  const actions = ['create', 'delete'];
  const rights = await coder.authCheck(
    Object.fromEntries(actions.map(action => [action, { object, action }])),
    signal,
  );
  const missing = actions.filter(action => !rights[action]).map(action => `api_key:${action}`);
  if (missing.length === 0) return undefined;
  return `The session token lacks ${missing.join(' and ')}. Make one with the scope coder:apikeys.manage_self too, and with no allow list that leaves out api_key.`;
}
