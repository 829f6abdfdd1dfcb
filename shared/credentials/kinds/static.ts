import * as z from 'zod';
import { invalidRequest, RefusedError } from '../../errors.ts';
import type { AdoptContext, CredentialKind } from '../credential.ts';
import { type IssuedCredential, secretNameOf } from '../state.ts';

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
  /** When the password ends, so that this is told in time. */
  expiresOn: z.iso.datetime({ offset: true }).optional(),
});
export type StaticInput = z.infer<typeof StaticInput>;
export type DeclaredStatic = Omit<StaticInput, 'password'>;

/** The bridge issues none: it tests what it was given, and reports it before it hurts. */
export const staticCredential: CredentialKind<DeclaredStatic> = { coderRegistryKind: 'generic' };

/**
 * Takes over the password that a person supplied, or the stored one when none was; the same input twice gives the same.
 * @throws RefusedError when there is none, or the registry does not accept it
 */
export async function adoptStatic(
  { password, ...declared }: StaticInput,
  { registryName, loginServer, vault, acceptsLogin, current, now }: AdoptContext,
): Promise<IssuedCredential> {
  const { username, expiresOn } = declared;
  const secretName = secretNameOf(registryName);
  // Whoever supplies a new password may do so because the old one was lost.
  const stored = current && (await vault.find(secretName, current.secretVersion));
  const wanted = password ?? (current?.username === username ? stored : undefined);
  if (wanted === undefined) {
    const message = 'is required, as none is stored for this user name';
    throw invalidRequest([{ path: 'credential.password', message }]);
  }
  const ends = expiresOn ? { expiresOn: new Date(expiresOn) } : {};
  if (current && current.username === username && wanted === stored) {
    const { expiresOn: _, ...kept } = current;
    return { ...kept, declared, ...ends };
  }
  if (!(await acceptsLogin({ username, password: wanted }))) {
    throw new RefusedError(
      'credential-refused',
      `${loginServer} refuses the password of ${username}. Check it with: docker login ${loginServer} -u ${username}`,
    );
  }
  const secretVersion =
    wanted === stored && current ? current.secretVersion : await vault.write(secretName, wanted);
  return { declared, username, secretVersion, issuedOn: now, ...ends };
}
