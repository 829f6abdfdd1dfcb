import type { ZodType } from 'zod';
import type { Login } from '../azure/acr/tokens.ts';
import type { ArmCredentials } from '../azure/arm/credentials.ts';
import type { RegistryDescription } from '../azure/arm/registries.ts';
import type { Graph } from '../azure/graph.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import type { Policy } from '../policy/policy.ts';
import type { Declared, IssuedCredential } from './state.ts';

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
  /** Why the bridge does not rotate it; only for kinds without an issuer. */
  whyNothingToRotate?(registry: { name: string; loginServer: string }): string;
}

/** Issues and revokes credentials of a kind. Both may be called again after a crash at any point. */
export interface Issuer<D extends Declared> {
  /** Names of the two slots that passwords are issued into in turn, where Azure has slots. */
  slots?: Slots;
  /** The account of the credential, where a person may choose it. Another account needs a new credential. */
  accountOf?(declared: D): string;
  /** How long a credential is valid after it was issued; absent when it does not expire. */
  lifetimeHours?(declared: D): number;
  /** Updates what belongs to the credential, such as a scope map, without a new password. @throws ServiceError */
  maintain?(declared: D, context: IssueContext): Promise<void>;
  /** Issues into the slot that `current` does not occupy. @throws ServiceError */
  issue(declared: D, context: IssueContext): Promise<NewCredential>;
  /** Revokes `old`, and no other credential. Succeeds when it is gone already. @throws ServiceError */
  revoke(declared: D, old: IssuedCredential, context: IssueContext): Promise<void>;
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

/** The slot other than `used`; the first one when no slot is used. */
export function otherSlot([first, second]: Slots, used: string | undefined): string {
  return used === first ? second : first;
}

/** The part of a registry's record that the kinds read. */
export interface PulledRegistry {
  name: string;
  resourceId: string;
  loginServer: string;
  policy: Policy;
}

export interface CheckContext {
  registry: PulledRegistry;
  arm: ArmCredentials;
  graph: Graph;
  signal: AbortSignal;
}

/** What issuing and revoking need. */
export interface IssueContext extends CheckContext {
  /** Issues a login from the bridge's own identity. */
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  now(): Date;
  /** The credential that Coder holds, which must go on working. */
  current: IssuedCredential | undefined;
  /** False when the registry refuses `current`. */
  currentWorks: boolean;
  /** Others may know the older passwords, and must not be able to read the new one with them. */
  compromised: boolean;
  /** Every credential in the record. A crash left over any others that carry the bridge's name. */
  kept: readonly IssuedCredential[];
}

/** A new user name and password. */
export interface NewCredential extends Login {
  slot?: string;
  expiresOn?: Date;
}

/** What storing a supplied secret needs. */
export interface AdoptContext {
  registryName: string;
  loginServer: string;
  vault: Vault;
  /** Asks the registry whether it accepts a login. */
  acceptsLogin(login: Login): Promise<boolean>;
  /** The supplied credential that the record has now. */
  current: IssuedCredential | undefined;
  now: Date;
}
