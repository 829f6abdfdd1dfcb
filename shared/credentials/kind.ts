import type { ZodType } from 'zod';
import type { Login } from '../azure/acr/tokens.ts';
import type { ArmCredentials } from '../azure/arm/credentials.ts';
import type { RegistryDescription } from '../azure/arm/registries.ts';
import type { Graph } from '../azure/graph.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import type { Policy } from '../policy/policy.ts';
import type { Declared, IssuedCredential, KnownCredential } from './state.ts';

/**
 * One kind of credential. The bridge issues it (`issuer`), or a person supplies it (`supplied`), or Coder pulls with an
 * identity of its own and gets no login (neither).
 */
export interface CredentialKind<D extends Declared, Input extends Declared = D> {
  /** Schema of what a person declares; its literal `kind` is the name of the kind. */
  input: ZodType<Input>;
  /**
   * @throws RefusedError when this registry does not allow the kind, with the command that allows it
   * @throws CredentialError when Azure does not let the bridge issue it, with the command that grants it
   */
  check?(declared: D, azure: RegistryDescription, context: CheckContext): Promise<void>;
  /** The command that makes a registry allow the kind; absent when every registry does. */
  enableCommand?(registry: { resourceId: string }): string;
  issuer?: Issuer<D>;
  supplied?: SuppliedKind<D, Input>;
  /** What the record keeps of the input, where names are derived from the deployment. */
  declare?(input: Input, deploymentId: string | undefined): D;
  /** Why the bridge does not rotate it; only for kinds without an issuer. */
  whyNothingToRotate?(registry: { name: string; loginServer: string }): string;
}

/** Issues and revokes credentials of a kind. Both may be called again after a crash at any point. */
export interface Issuer<D extends Declared> {
  /** Names of the two slots that passwords are issued into in turn, where Azure has slots. */
  slots?: Slots;
  /** The slots always have a password, and others may use them. */
  shared?: true;
  /** Azure has no call that revokes one: it serves until it expires. */
  lastsUntilItsEnd?: true;
  /** The account of the credential, where a person may choose it. Another account needs a new credential. */
  accountOf?(declared: D): string;
  /** How long a credential is valid after it was issued; absent when it does not expire. */
  lifetimeHours?(declared: D): number;
  /** The passwords that Azure has of the account; absent where Azure lists none. @throws ServiceError, CredentialError */
  find?(declared: D, context: CheckContext): Promise<FoundPassword[]>;
  /** Updates what belongs to the credential, such as a scope map, without a new password. @throws ServiceError */
  maintain?(declared: D, context: IssueContext): Promise<void>;
  /** Issues a password, into this slot where the kind has slots. @throws ServiceError, CredentialError */
  issue(declared: D, context: IssueContext, place: Place): Promise<NewCredential>;
  /** Revokes `old`, and no other credential. Succeeds when it is gone already. @throws ServiceError, CredentialError */
  revoke(declared: D, old: KnownCredential, context: IssueContext): Promise<void>;
  /** Removes what this deployment made beside passwords, if no password is left. @throws as `revoke` does */
  unmake?(declared: D, context: IssueContext): Promise<void>;
}

/** Where a new password goes. */
export interface Place {
  slot: string | undefined;
  /** Takes the password that is there, and changes nothing. */
  asItIs: boolean;
}

/** A password that Azure lists. */
export interface FoundPassword {
  /** Its name, or its key id. */
  slot: string;
  createdOn?: Date;
  /** Only where Azure shows it again. */
  password?: string;
}

/** A kind whose secret a person supplies and renews. */
export interface SuppliedKind<D extends Declared, Input extends Declared> {
  /** The part of the input that the record keeps. */
  withoutSecret(input: Input): D;
  /**
   * Stores the secret that a person supplied, or keeps the stored one when the input has none. The same input twice
   * gives the same credential.
   * @throws RefusedError when there is no secret, or the registry does not accept it
   */
  adopt(input: Input, context: AdoptContext): Promise<IssuedCredential>;
}

export type Slots = readonly [string, string];

/** The part of a registry's record that the kinds read. */
export interface PulledRegistry {
  name: string;
  resourceId: string;
  loginServer: string;
  policy: Policy;
}

export interface CheckContext {
  registry: PulledRegistry;
  /** Id of this deployment of the bridge; undefined on a laptop. */
  deploymentId: string | undefined;
  /** Every credential in the record. */
  kept: readonly KnownCredential[];
  arm: ArmCredentials;
  graph: Graph;
  signal: AbortSignal;
}

/** What issuing and revoking need. */
export interface IssueContext extends CheckContext {
  /** Issues a login from the bridge's own identity. */
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  now(): Date;
}

/** A new user name and password. */
export interface NewCredential extends Login {
  slot?: string;
  createdOn?: Date;
  expiresOn?: Date;
}

/** What storing a supplied secret needs. */
export interface AdoptContext {
  registryName: string;
  deploymentId: string | undefined;
  loginServer: string;
  vault: Vault;
  /** Asks the registry whether it accepts a login. */
  acceptsLogin(login: Login): Promise<boolean>;
  /** The supplied credential that the record has now. */
  current: IssuedCredential | undefined;
  now: Date;
}
