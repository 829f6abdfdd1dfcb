import * as z from 'zod';
import type { CredentialKind } from '../credential.ts';
import { RotationSchedule } from '../renewal.ts';

/** A refresh token of the registry, minted from the bridge's own managed identity: about three hours of its rights. */
export const EntraIdentityInput = z.strictObject({
  kind: z.literal('entra-identity'),
  ...RotationSchedule.shape,
});
export type EntraIdentityInput = z.infer<typeof EntraIdentityInput>;

/** By this user name ACR knows that the password is a token. */
const TOKEN_USER = '00000000-0000-0000-0000-000000000000';

export const entraIdentity: CredentialKind<EntraIdentityInput> = {
  coderRegistryKind: 'generic',
  issuer: {
    async issue(_declared, { registry, exchange, signal }) {
      const password = await exchange(registry.loginServer, signal);
      // It ends with its JWT, sometimes before the documented three hours.
      return { username: TOKEN_USER, password, expiresOn: expiryOf(password) };
    },
    // ACR has no call that revokes one token.
    revoke: async () => {},
  },
};

/** @throws Error when it is no token, without quoting it */
function expiryOf(jwt: string): Date {
  const payload = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
  return new Date(z.object({ exp: z.number() }).parse(JSON.parse(payload)).exp * 1_000);
}
