import { timingSafeEqual } from 'node:crypto';
import type { StandInRequest } from '../../stand-in-messages.ts';
import type { Caller, CoderContext } from './context.ts';
import { CoderError } from './errors.ts';
import { userOf } from './lookup.ts';
import { hasFixedLifetimes } from './release.ts';
import type { ApiKey } from './state.ts';

const SIGNED_OUT = 'You are signed out or your session has expired. Please sign in again to continue.';

/** Who calls. @throws CoderError 401 */
export function signIn(context: CoderContext, request: StandInRequest): Caller {
  const { state, clock } = context;
  const token = tokenIn(request);
  if (!token) throw signedOut('Cookie "coder_session_token" or query parameter must be provided.');
  const [, id, secret] = /^([A-Za-z0-9]{10})-([A-Za-z0-9]{22})$/.exec(token) ?? [];
  if (!id || !secret) throw signedOut('Invalid API key format: incorrect amount of API key parts.');
  const key = state.keys.find(candidate => candidate.id === id);
  if (!key) throw signedOut('API key is invalid.');
  if (!timingSafeEqual(Buffer.from(secret), Buffer.from(key.secret)))
    throw signedOut('API key secret is invalid.');
  if (key.expiresAt <= clock.now()) throw signedOut(`API key expired at "${key.expiresAt.toUTCString()}".`);
  const user = userOf(state, key.userId);
  touch(context, key);
  user.lastSeenAt = clock.now();
  return { user, key };
}

/** Releases before June 2026 moved the end of a token on with each use. */
function touch({ version, clock }: CoderContext, key: ApiKey): void {
  key.lastUsed = clock.now();
  if (hasFixedLifetimes(version)) return;
  key.expiresAt = new Date(clock.now().getTime() + key.lifetimeSeconds * 1000);
}

/** In Coder's order, so that a bearer token for a proxy in front of Coder does no harm beside the header. */
function tokenIn({ headers, url }: StandInRequest): string | undefined {
  const cookie = /(?:^|;\s*)coder_session_token=([^;]*)/.exec(headers.cookie ?? '')?.[1];
  const header = headers['coder-session-token'];
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const query = (name: string) => url.searchParams.get(name) ?? undefined;
  const named = typeof header === 'string' ? header : undefined;
  return cookie || query('coder_session_token') || named || bearer || query('access_token');
}

function signedOut(detail: string): CoderError {
  return new CoderError(401, SIGNED_OUT, {
    detail,
    headers: { 'www-authenticate': 'Bearer realm="coder"' },
  });
}
