import * as z from 'zod';
import { claimsOf } from '../../lib/jwt.ts';
import type { CredentialKind } from '../kind.ts';
import { RotationSchedule } from '../schedule.ts';

const EntraIdentityInput = z.strictObject({ kind: z.literal('entra-identity'), ...RotationSchedule.shape });
type EntraIdentityInput = z.infer<typeof EntraIdentityInput>;

const Claims = z.object({ exp: z.number() });

/** ACR takes the password for a token when the user name is this. */
const TOKEN_USER = '00000000-0000-0000-0000-000000000000';

/** https://learn.microsoft.com/azure/container-registry/container-registry-authentication */
const LIFETIME_HOURS = 3;

/**
 * A refresh token of the registry, issued to the bridge's own managed identity. It has the identity's rights for about
 * three hours.
 */
export const entraIdentity = {
  input: EntraIdentityInput,
  issuer: {
    lifetimeHours: () => LIFETIME_HOURS,

    async issue(_declared, { registry, exchange, signal }) {
      const password = await exchange(registry.loginServer, signal);
      // It ends with its JWT, sometimes before the documented three hours.
      return { username: TOKEN_USER, password, expiresOn: expiryOf(password) };
    },
    // ACR has no call that revokes one token.
    lastsUntilItsEnd: true,
    revoke: async () => {},
  },
} satisfies CredentialKind<EntraIdentityInput>;

/** @throws Error when it is not a token; the error does not quote it */
function expiryOf(jwt: string): Date {
  return new Date(Claims.parse(claimsOf(jwt)).exp * 1_000);
}
