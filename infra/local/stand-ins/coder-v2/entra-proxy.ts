import type { Claims } from '../../jwt.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';

/** A proxy before Coder, which lets only Entra tokens for its audience through. */
export interface EntraProxy {
  verify(token: string): Promise<Claims | undefined>;
  audience: string;
}

/** The proxy's refusal, which is not Coder's JSON, or undefined for a request that may pass. */
export async function refuseAtProxy(
  { headers }: StandInRequest,
  proxy: EntraProxy | undefined,
): Promise<StandInResponse | undefined> {
  if (!proxy) return undefined;
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const claims = token === undefined ? undefined : await proxy.verify(token);
  if (claims?.aud === proxy.audience) return undefined;
  return {
    status: 401,
    headers: { 'content-type': 'text/html' },
    body: '<h1>401 Authorization Required</h1>',
  };
}
