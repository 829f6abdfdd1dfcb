import * as z from 'zod';
import type { CredentialKind } from '../kind.ts';
import type { Declared } from '../state.ts';
import { adminAccount } from './admin.ts';
import { entraIdentity } from './entra-identity.ts';
import { managedIdentity } from './managed-identity.ts';
import { servicePrincipal } from './service-principal.ts';
import { staticCredential } from './static.ts';
import { token } from './token.ts';

/** Every kind of credential. To add one, add a line here and a file in kinds/. */
const KINDS = [token, servicePrincipal, entraIdentity, adminAccount, staticCredential, managedIdentity];
type Kind = (typeof KINDS)[number];
type Input = Kind['input'];

const BY_NAME = new Map<string, CredentialKind<Declared>>(
  KINDS.map(kind => [kind.input.shape.kind.value, kind]),
);

/** A registry's credential as a person declares it. */
export const CredentialInput = z.discriminatedUnion(
  'kind',
  KINDS.map(({ input }) => input) as [Input, ...Input[]],
  {
    error: ({ code }): string | undefined =>
      code === 'invalid_union' ? `must be one of ${[...BY_NAME.keys()].join(', ')}` : undefined,
  },
);
export type CredentialInput = z.infer<typeof CredentialInput>;

/** The part of the input that the registry's record keeps: everything except the secret. */
export const DeclaredCredential = CredentialInput.transform(input => declaredOf(input));
export type DeclaredCredential = DeclaredOf<Kind>;
type DeclaredOf<K extends Kind> = K extends { supplied: { withoutSecret(input: never): infer D } }
  ? D
  : K extends { declare(...input: never[]): infer D }
    ? D
    : z.infer<K['input']>;

/** @param deploymentId goes into names that a person left out */
export function declaredOf(input: CredentialInput, deploymentId?: string): DeclaredCredential {
  const { supplied, declare } = credentialKind(input.kind);
  const declared = supplied ? supplied.withoutSecret(input) : (declare?.(input, deploymentId) ?? input);
  return declared as DeclaredCredential;
}

/** The implementation of a kind. */
export function credentialKind(name: string): CredentialKind<Declared> {
  const kind = BY_NAME.get(name);
  if (!kind) throw new Error(`There is no credential of kind ${name}.`);
  return kind;
}

/** Whether Coder gets a user name and a password; otherwise it pulls with an identity of its own. */
export function givesLogin({ kind }: Declared): boolean {
  const { issuer, supplied } = credentialKind(kind);
  return issuer !== undefined || supplied !== undefined;
}
