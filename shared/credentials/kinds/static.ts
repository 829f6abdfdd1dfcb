import * as z from 'zod';
import { quote, registryName } from '../../azure/az-commands.ts';
import { invalidRequest, RefusedError } from '../../errors.ts';
import type { AdoptContext, CredentialKind } from '../kind.ts';
import { storeSecret } from '../secrets.ts';
import { type IssuedCredential, secretNameOf } from '../state.ts';

const StaticInput = z.strictObject({
  kind: z.literal('static'),
  // A colon would end the user name in HTTP Basic authentication.
  username: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^:]+$/, 'must not contain a colon'),
  /** Optional when a password for this user name is stored already. Coder takes up to 32 KiB, a login header less. */
  password: z
    .string()
    .min(1)
    .max(8_192, 'is longer than an HTTP header may be (8,192 characters)')
    .optional(),
  /** When the password ends, so that the bridge can warn in time. */
  expiresOn: z.iso.datetime({ offset: true }).optional(),
});
type StaticInput = z.infer<typeof StaticInput>;
type DeclaredStatic = Omit<StaticInput, 'password'>;

/** A username and password that a person supplies. The bridge tests it, and warns before it ends. */
export const staticCredential = {
  input: StaticInput,
  supplied: { withoutSecret, adopt },
  whyNothingToRotate: ({ name }) =>
    `The bridge cannot renew the password of ${name}: PUT the registry again with a new one.`,
} satisfies CredentialKind<DeclaredStatic, StaticInput>;

function withoutSecret({ password: _, ...declared }: StaticInput): DeclaredStatic {
  return declared;
}

async function adopt(input: StaticInput, context: AdoptContext): Promise<IssuedCredential> {
  const { vault, current, now } = context;
  const { username, expiresOn } = input;
  const declared = withoutSecret(input);
  const ends = expiresOn ? { expiresOn: new Date(expiresOn) } : {};
  const { registryName, deploymentId } = context;
  // A person may supply a new password because the old one was lost.
  const stored = current && (await vault.find(secretNameOf(registryName, current), current.secretVersion));
  const isSameUser = current?.username === username;
  const password = input.password ?? (isSameUser ? stored : undefined);
  if (password === undefined) throw passwordMissing();
  if (current && isSameUser && password === stored) {
    const { expiresOn: before, ...kept } = current;
    if (ends.expiresOn && ends.expiresOn.getTime() !== before?.getTime()) {
      await vault.describe(secretNameOf(registryName, current), current.secretVersion, {
        expiresOn: ends.expiresOn,
      });
    }
    return { ...kept, declared, ...ends };
  }
  if (!(await context.acceptsLogin({ username, password }))) throw refused(context.loginServer, username);
  const supplied = { declared, username, issuedOn: now, ...ends };
  return {
    ...supplied,
    ...(await storeSecret(vault, registryName, deploymentId, { ...supplied, password })),
  };
}

function passwordMissing(): RefusedError {
  const message = 'is required: no password is stored for this user name';
  return invalidRequest([{ path: 'credential.password', message }]);
}

function refused(loginServer: string, username: string): RefusedError {
  const message = `${loginServer} refuses the password of ${username}: it is wrong, has ended, or may not pull.`;
  const remedy = `PUT the registry with a password that works. ${newPassword(loginServer, username)}`;
  return new RefusedError('credential-refused', message, [], remedy);
}

/** How the owner of an account of a registry gets a password for it. */
function newPassword(loginServer: string, username: string): string {
  const registry = registryName(loginServer);
  if (z.guid().safeParse(username).success) {
    return `A new client secret: az ad app credential reset --id ${username} --append`;
  }
  if (username === registry) return `The present ones: az acr credential show --name ${registry}`;
  return `A new one for a token: az acr token credential generate --registry ${registry} --name ${quote(username)} --password1`;
}
