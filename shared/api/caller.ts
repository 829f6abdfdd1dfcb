import * as z from 'zod';
import { RefusedError } from '../errors.ts';
import type { Role } from './roles.ts';

/** The caller, for the log. Names are for people; the object id in Entra is unique. */
export type Caller = { kind: 'function-key' } | { kind: 'principal'; name: string; id?: string };

/**
 * Whether the platform signs callers in before they reach the app (Easy Auth). The platform sets this variable, and
 * then
 * removes the principal's header from requests that come from outside. So never set the variable by hand.
 * https://learn.microsoft.com/azure/app-service/overview-authentication-authorization
 */
export function isEasyAuthOn(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment.WEBSITE_AUTH_ENABLED?.toLowerCase() === 'true';
}

const Principal = z.object({
  // Another identity provider that is enabled in addition to Entra could also have claims named roles.
  auth_typ: z.literal('aad'),
  name_typ: z.string().optional(),
  role_typ: z.string().optional(),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })).default([]),
});

/** The claim of roles in tokens of Entra, and its name after .NET has mapped it. */
const ROLE_CLAIMS = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];
/** The object id in Entra, likewise. */
const ID_CLAIMS = ['oid', 'http://schemas.microsoft.com/identity/claims/objectidentifier'];
/** Claims with the name of a person or an app, the best first. */
const NAME_CLAIMS = ['preferred_username', 'upn', 'name', 'appid', 'azp'];

/**
 * The principal that Easy Auth signed in with Entra, a person or an app.
 *
 * @param header `x-ms-client-principal`: base64 of JSON. Trust it only when Easy Auth is on
 * @throws RefusedError `unauthenticated` when there is none, `forbidden` when it lacks the role
 */
export function callerOf(header: string | null, role: Role): Caller {
  const principal = readPrincipal(header);
  if (!principal) {
    throw new RefusedError(
      'unauthenticated',
      'Sign in with Entra: send a token for this app, in the header Authorization: Bearer.',
    );
  }
  const { name_typ, role_typ, claims } = principal;
  const roleClaims = role_typ ? [role_typ, ...ROLE_CLAIMS] : ROLE_CLAIMS;
  if (!claims.some(({ typ, val }) => roleClaims.includes(typ) && val === role)) {
    const message = `This call needs the app role ${role}. Ask an administrator to assign it to you in Entra, in the bridge's enterprise application.`;
    throw new RefusedError('forbidden', message);
  }
  const nameClaims = name_typ ? [name_typ, ...NAME_CLAIMS] : NAME_CLAIMS;
  const first = (wanted: string[]) =>
    wanted
      .map(name => claims.find(({ typ }) => typ === name)?.val)
      .find(Boolean)
      ?.slice(0, 200);
  const id = first(ID_CLAIMS);
  return { kind: 'principal', name: first(nameClaims) ?? 'unnamed', ...(id && { id }) };
}

/** Node reads base64 up to the first fault: given two headers joined into one, it would read the first. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function readPrincipal(header: string | null): z.infer<typeof Principal> | undefined {
  if (!header || !BASE64.test(header)) return undefined;
  try {
    return Principal.parse(JSON.parse(Buffer.from(header, 'base64').toString()));
  } catch {
    return undefined;
  }
}
