import type { Claims } from '../../jwt.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import { CoderError } from './errors.ts';

/** A proxy before Coder, which lets only Entra tokens for its audience through. */
export interface EntraProxy {
  verify(token: string): Promise<Claims | undefined>;
  audience: string;
}

/**
 * Lets a request through, or not: the proxy first, if there is one, then Coder.
 * @returns the proxy's refusal, which is not Coder's JSON, or undefined
 * @throws CoderError 401
 */
export async function authenticate(
  { headers }: StandInRequest,
  sessionToken: string,
  proxy: EntraProxy | undefined,
): Promise<StandInResponse | undefined> {
  if (proxy && !(await passes(headers.authorization, proxy))) {
    return {
      status: 401,
      headers: { 'content-type': 'text/html' },
      body: '<h1>401 Authorization Required</h1>',
    };
  }
  if (headers['session-token'] !== sessionToken) throw new CoderError(401, 'invalid authentication');
  return undefined;
}

async function passes(authorization: string | undefined, { verify, audience }: EntraProxy): Promise<boolean> {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  const claims = token === undefined ? undefined : await verify(token);
  return claims?.aud === audience;
}
