import * as z from 'zod';
import type { Login } from '../azure/acr-tokens.ts';
import type { RegistryDescription } from '../azure/arm.ts';
import type { ArmCredentials } from '../azure/arm-credentials.ts';
import type { Graph } from '../azure/graph.ts';
import type { Vault } from '../azure/vault.ts';
import type { Registry } from '../records/registry.ts';
import { AdminInput, adminAccount } from './kinds/admin.ts';
import { EntraIdentityInput, entraIdentity } from './kinds/entra-identity.ts';
import { ManagedIdentityInput, managedIdentity } from './kinds/managed-identity.ts';
import { ServicePrincipalInput, servicePrincipal } from './kinds/service-principal.ts';
import { type DeclaredStatic, StaticInput, staticCredential } from './kinds/static.ts';
import { TokenInput, token } from './kinds/token.ts';
import type { IssuedCredential } from './state.ts';

/** What a person says a registry's credential is. A new kind is one more member here, and one more file. */
export const CredentialInput = z.discriminatedUnion(
  'kind',
  [StaticInput, ManagedIdentityInput, AdminInput, ServicePrincipalInput, EntraIdentityInput, TokenInput],
  {
    error: ({ code }): string | undefined =>
      code === 'invalid_union' ? `must be one of ${Object.keys(KINDS).join(', ')}` : undefined,
  },
);
export type CredentialInput = z.infer<typeof CredentialInput>;

/** What the registry's record keeps of that: all of it, without a password. */
export type DeclaredCredential = Exclude<CredentialInput, { kind: 'static' }> | DeclaredStatic;

/** The kinds of registry that Coder's import dialog knows and that we use. */
export type CoderRegistryKind = 'generic' | 'acr';

/** What taking over a password that a person supplies needs to know. */
export interface AdoptContext {
  registryName: string;
  loginServer: string;
  vault: Vault;
  /** Asks the registry whether it accepts a login. */
  acceptsLogin(login: Login): Promise<boolean>;
  /** The one of the same kind that the record has now. */
  current: IssuedCredential | undefined;
  now: Date;
}

/** What issuing and revoking need. */
export interface IssueContext {
  registry: Registry;
  arm: ArmCredentials;
  graph: Graph;
  /** Mints a login from the bridge's own identity. */
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  now(): Date;
  signal: AbortSignal;
  /** What Coder holds, which must go on working. */
  current: IssuedCredential | undefined;
  /** False when the registry refuses `current`. */
  currentWorks: boolean;
  /** Whoever knows older passwords must not know this one. */
  compromised: boolean;
  /** All that the record knows of: whatever else is ours was left over by a crash. */
  kept: readonly IssuedCredential[];
}

/** A new user name and password. */
export interface NewCredential extends Login {
  slot?: string;
  expiresOn?: Date;
}

/** One kind of credential. */
export interface CredentialKind<Declared extends DeclaredCredential> {
  coderRegistryKind: CoderRegistryKind;
  /**
   * @throws RefusedError when this registry does not allow the kind, with the command that makes it do so
   * @throws CredentialError when Azure does not let the bridge issue it, with the command that grants that
   */
  check?(declared: Declared, registry: RegistryDescription, context: CheckContext): Promise<void> | void;
  /** Absent when the bridge issues none. */
  issuer?: Issuer<Declared>;
}

export interface CheckContext {
  registry: Pick<Registry, 'name' | 'resourceId' | 'loginServer' | 'policy'>;
  arm: ArmCredentials;
  graph: Graph;
  signal: AbortSignal;
}

/** Makes credentials of a kind and ends them. Both may be called again after a crash at any point. */
export interface Issuer<Declared extends DeclaredCredential> {
  /** Makes what is around the password be as declared, when that changes without one. @throws ServiceError */
  maintain?(declared: Declared, context: IssueContext): Promise<void>;
  /** Issues into the slot that `current` does not occupy. @throws ServiceError */
  issue(declared: Declared, context: IssueContext): Promise<NewCredential>;
  /** Makes `old` useless, and nothing else. One that is gone already is fine. @throws ServiceError */
  revoke(declared: Declared, old: IssuedCredential, context: IssueContext): Promise<void>;
}

type Kind = DeclaredCredential['kind'];
type DeclaredOf<K extends Kind> = Extract<DeclaredCredential, { kind: K }>;

const KINDS: { [K in Kind]: CredentialKind<DeclaredOf<K>> } = {
  token,
  'service-principal': servicePrincipal,
  'entra-identity': entraIdentity,
  admin: adminAccount,
  static: staticCredential,
  'managed-identity': managedIdentity,
};

/** The implementation of a kind. */
export function credentialKind(kind: Kind): CredentialKind<DeclaredCredential> {
  return KINDS[kind] as CredentialKind<DeclaredCredential>;
}
