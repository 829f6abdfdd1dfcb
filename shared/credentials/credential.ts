import * as z from 'zod';
import type { Login } from '../azure/acr-login.ts';
import type { Vault } from '../azure/vault.ts';
import { ManagedIdentityInput, managedIdentity, type StoredManagedIdentity } from './managed-identity.ts';
import { StaticInput, type StoredStatic, staticCredential } from './static.ts';

/** What a person says a registry's credential is. A new kind is one more member here, and one more file. */
export const CredentialInput = z.discriminatedUnion('kind', [StaticInput, ManagedIdentityInput], {
  error: 'must have a `kind` of "static" or "managed-identity"',
});
export type CredentialInput = z.infer<typeof CredentialInput>;

/** What the registry's record keeps of its credential. No secret is in it, only where the secret is. */
export type StoredCredential = StoredStatic | StoredManagedIdentity;

/** The kinds of registry that Coder's import dialog knows and that we use. */
export type CoderRegistryKind = 'generic' | 'acr';

/** What taking a credential over needs to know. */
export interface AdoptContext<Stored> {
  registryName: string;
  loginServer: string;
  vault: Vault;
  /** Asks the registry whether it accepts a login. */
  acceptsLogin(login: Login): Promise<boolean>;
  /** The credential of the same kind that the record has now. */
  previous: Stored | undefined;
}

/** One kind of credential. */
export interface CredentialKind<Input, Stored> {
  coderRegistryKind: CoderRegistryKind;
  /**
   * Turns what a person supplied into what the record keeps; secrets go to Key Vault. The same input twice gives
   * the same result.
   * @throws RefusedError when the registry does not accept it
   */
  adopt(input: Input, context: AdoptContext<Stored>): Promise<Stored>;
  /** What Coder is given with the registry; undefined when it needs nothing. */
  login(stored: Stored, vault: Vault): Promise<Login | undefined>;
  /** Changes whenever Coder must be given the credential again. */
  version(stored: Stored): string;
  /** Removes its secrets. */
  remove(stored: Stored, vault: Vault): Promise<void>;
}

type Kind = StoredCredential['kind'];
type InputOf<K extends Kind> = Extract<CredentialInput, { kind: K }>;
type StoredOf<K extends Kind> = Extract<StoredCredential, { kind: K }>;

const KINDS: { [K in Kind]: CredentialKind<InputOf<K>, StoredOf<K>> } = {
  static: staticCredential,
  'managed-identity': managedIdentity,
};

/** The implementation of a kind. */
export function credentialKind(kind: Kind): CredentialKind<CredentialInput, StoredCredential> {
  return KINDS[kind];
}
