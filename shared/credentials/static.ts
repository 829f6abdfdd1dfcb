import * as z from 'zod';
import type { Login } from '../azure/acr-login.ts';
import type { Vault } from '../azure/vault.ts';
import { invalidRequest, RefusedError } from '../refused.ts';
import type { CredentialKind } from './credential.ts';

/** A username and password that a person supplies. The password is write-only. */
export const StaticInput = z.strictObject({
  kind: z.literal('static'),
  // A colon would end the user name in HTTP Basic authentication.
  username: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^:]+$/, 'must not contain a colon'),
  /** May be left out when a password for this user name is stored already. Coder takes up to 32 KiB, a login header less. */
  password: z
    .string()
    .min(1)
    .max(8_192, 'is longer than an HTTP header may be (8,192 characters)')
    .optional(),
});
export type StaticInput = z.infer<typeof StaticInput>;

export interface StoredStatic {
  kind: 'static';
  username: string;
  secretName: string;
  secretVersion: string;
}

export const staticCredential: CredentialKind<StaticInput, StoredStatic> = {
  coderRegistryKind: 'generic',

  async adopt({ username, password }, { registryName, loginServer, vault, acceptsLogin, previous }) {
    // Whoever supplies a new password may do so because the old one was lost.
    const stored = previous && (await vault.find(previous.secretName, previous.secretVersion));
    const wanted = password ?? (previous?.username === username ? stored : undefined);
    if (wanted === undefined) {
      const message = 'is required, as none is stored for this user name';
      throw invalidRequest([{ path: 'credential.password', message }]);
    }
    if (previous && previous.username === username && wanted === stored) return previous;
    if (!(await acceptsLogin({ username, password: wanted }))) {
      throw new RefusedError(
        'credential-refused',
        `${loginServer} refuses the password of ${username}. Check it with: docker login ${loginServer} -u ${username}`,
      );
    }
    const secretName = `registry-${registryName}-password`;
    const secretVersion =
      wanted === stored && previous ? previous.secretVersion : await vault.write(secretName, wanted);
    return { kind: 'static', username, secretName, secretVersion };
  },

  async login(stored, vault): Promise<Login> {
    return { username: stored.username, password: await passwordOf(stored, vault) };
  },

  version: ({ username, secretVersion }) => `${username}/${secretVersion}`,

  remove: ({ secretName }, vault) => vault.remove(secretName),
};

function passwordOf({ secretName, secretVersion }: StoredStatic, vault: Vault): Promise<string> {
  return vault.read(secretName, secretVersion);
}
