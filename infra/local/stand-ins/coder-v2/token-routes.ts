import type * as z from 'zod';
import { NewToken, parseBody } from './bodies.ts';
import type { Caller, CoderContext, CoderRoute } from './context.ts';
import { CoderError, notFound } from './errors.ts';
import { findUser } from './lookup.ts';
import { allowed } from './rights.ts';
import { isScope } from './scopes.ts';
import type { ApiKey, User } from './state.ts';
import { keyView, newKey, STANDARD_LIFETIME_SECONDS, tokenOf } from './tokens.ts';

const NANOSECONDS = 1e9;
const HOURS = 3600;
/** Also the longest for an owner. */
const OWNER_LIFETIME_SECONDS = 168 * HOURS;
const LONGEST_LIFETIME_SECONDS = 876_600 * HOURS;

export function tokenRoutes(context: CoderContext): CoderRoute[] {
  const { state, secrets, clock } = context;
  return [
    {
      method: 'POST',
      path: '/users/{}/keys/tokens',
      handle({ caller, params, body }) {
        const user = findUser(context, caller, params[0]);
        const key = newKey(readToken(context, user, parseBody(NewToken, body)), clock.now(), secrets);
        if (state.keys.some(({ userId, tokenName }) => userId === user.id && tokenName === key.tokenName)) {
          const detail = `token_name: Token name already in use`;
          throw new CoderError(409, `A token with name "${key.tokenName}" already exists.`, {
            validations: [{ field: 'name', detail }],
          });
        }
        if (!mayKeys(caller, 'create', user)) {
          throw refusedToken('insert API key: unauthorized: rbac: forbidden', 500);
        }
        state.keys.push(key);
        return { status: 201, body: { key: tokenOf(key) } };
      },
    },
    {
      method: 'GET',
      path: '/users/{}/keys/tokens',
      handle({ caller, params }) {
        const user = findUser(context, caller, params[0]);
        const keys = state.keys.filter(
          ({ userId, loginType }) => userId === user.id && loginType === 'token',
        );
        return { status: 200, body: mayKeys(caller, 'read', user) ? keys.map(keyView) : [] };
      },
    },
    {
      method: 'GET',
      path: '/users/{}/keys/tokens/tokenconfig',
      handle({ caller, params }) {
        const user = findUser(context, caller, params[0]);
        return { status: 200, body: { max_token_lifetime: longestLifetime(user) * NANOSECONDS } };
      },
    },
    {
      method: 'GET',
      path: '/users/{}/keys/tokens/{}',
      handle({ caller, params }) {
        const key = findKey(context, caller, params[0], ({ tokenName }) => tokenName === params[1], 'read');
        return { status: 200, body: keyView(key) };
      },
    },
    {
      method: 'GET',
      path: '/users/{}/keys/{}',
      handle({ caller, params }) {
        const key = findKey(context, caller, params[0], ({ id }) => id === params[1], 'read');
        return { status: 200, body: keyView(key) };
      },
    },
    {
      method: 'DELETE',
      path: '/users/{}/keys/{}',
      handle({ caller, params }) {
        const key = findKey(context, caller, params[0], ({ id }) => id === params[1], 'delete');
        state.keys = state.keys.filter(other => other !== key);
        return { status: 204 };
      },
    },
    {
      method: 'PUT',
      path: '/users/{}/keys/{}/expire',
      handle({ caller, params }) {
        const key = findKey(context, caller, params[0], ({ id }) => id === params[1], 'update');
        key.expiresAt = clock.now();
        return { status: 204 };
      },
    },
  ];
}

/** @throws CoderError 400 */
function readToken({ version }: CoderContext, user: User, wanted: z.infer<typeof NewToken>) {
  const lifetimeSeconds = wanted.lifetime ? wanted.lifetime / NANOSECONDS : STANDARD_LIFETIME_SECONDS;
  const longest = longestLifetime(user);
  if (lifetimeSeconds > longest)
    throw refusedToken(`lifetime must be less than ${longest / HOURS}h0m0s`, 400);
  const scopes = version.isAtLeast(27) ? (wanted.scopes ?? []) : [];
  const unknown = scopes.find(scope => !isScope(scope, version));
  if (unknown !== undefined) throw refusedToken(`invalid or unsupported API key scope: "${unknown}"`, 400);
  return {
    userId: user.id,
    ...(wanted.token_name && { tokenName: wanted.token_name }),
    ...{ lifetimeSeconds, scopes, allowList: wanted.allow_list ?? [] },
  };
}

function longestLifetime({ roles }: User): number {
  return roles.includes('owner') ? OWNER_LIFETIME_SECONDS : LONGEST_LIFETIME_SECONDS;
}

function refusedToken(detail: string, status: number): CoderError {
  return new CoderError(status, 'Failed to create API key.', { detail });
}

function mayKeys(caller: Caller, action: string, { id }: User): boolean {
  return allowed(caller, action, { type: 'api_key', ownerId: id });
}

/** @throws CoderError 404 */
function findKey(
  context: CoderContext,
  caller: Caller,
  name: string | undefined,
  fits: (key: ApiKey) => boolean,
  action: string,
): ApiKey {
  const user = findUser(context, caller, name);
  const key = context.state.keys.find(candidate => candidate.userId === user.id && fits(candidate));
  if (!key || !mayKeys(caller, action, user)) throw notFound();
  return key;
}
