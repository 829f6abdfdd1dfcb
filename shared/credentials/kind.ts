import type { ZodType } from 'zod';
import type { Login } from '../azure/acr-tokens.ts';
import type { RegistryDescription } from '../azure/arm.ts';
import type { ArmCredentials } from '../azure/arm-credentials.ts';
import type { Graph } from '../azure/graph.ts';
import type { Vault } from '../azure/vault.ts';
import type { Policy } from '../policy/policy.ts';
import type { Declared, IssuedCredential } from './state.ts';

/**
 * One kind of credential. The bridge issues it (`issuer`), or a person supplies it (`supplied`), or Coder pulls with an
 * identity of its own and is given no login (neither).
 */
export interface CredentialKind<D extends Declared, Input extends Declared = D> {
  /** Schema of what a person declares; its literal `kind` is the name of the kind. */
  input: ZodType<Input>;
  /**
   * @throws RefusedError when this registry does not allow the kind, with the command that makes it do so
   * @throws CredentialError when Azure does not let the bridge issue it, with the command that grants that
   */
  check?(declared: D, azure: RegistryDescription, context: CheckContext): Promise<void>;
  /** The command that makes a registry allow the kind; absent when none is needed. */
  enableCommand?(registry: { resourceId: string }): string;
  issuer?: Issuer<D>;
  supplied?: SuppliedKind<D, Input>;
  /** Why the bridge rotates nothing; only of a kind without an issuer. */
  whyNothingToRotate?(registry: { name: string; loginServer: string }): string;
}

/** Makes credentials of a kind and ends them. Both may be called again after a crash at any point. */
export interface Issuer<D extends Declared> {
  /** The names of the two passwords that are issued in turn, where Azure names them. */
  slots?: Slots;
  /** Which account the credential logs in to, where a person may choose; a credential of another account is a new one. */
  accountOf?(declared: D): string;
  /** Keeps what belongs to the credential as declared when that changes without a new password. @throws ServiceError */
  maintain?(declared: D, context: IssueContext): Promise<void>;
  /** Issues into the slot that `current` does not occupy. @throws ServiceError */
  issue(declared: D, context: IssueContext): Promise<NewCredential>;
  /** Makes `old` useless, and nothing else. It may be gone already. @throws ServiceError */
  revoke(declared: D, old: IssuedCredential, context: IssueContext): Promise<void>;
}

/** A kind whose secret a person supplies and renews. */
export interface SuppliedKind<D extends Declared, Input extends Declared> {
  /** What the record keeps of the input. */
  withoutSecret(input: Input): D;
  /**
   * Takes over the secret that a person supplied, or keeps the stored one when the input has none. The same input twice
   * gives the same credential.
   * @throws RefusedError when there is no secret, or the registry does not accept it
   */
  adopt(input: Input, context: AdoptContext): Promise<IssuedCredential>;
}

export type Slots = readonly [string, string];

/** The slot that is free while `used` is occupied; the first one when none is. */
export function otherSlot([first, second]: Slots, used: string | undefined): string {
  return used === first ? second : first;
}

/** What a kind needs to know of the registry that Coder pulls from. */
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
  /** Mints a login from the bridge's own identity. */
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  now(): Date;
  /** What Coder holds, which must go on working. */
  current: IssuedCredential | undefined;
  /** False when the registry refuses `current`. */
  currentWorks: boolean;
  /** Older passwords may be known to others, who must not learn the new one from them. */
  compromised: boolean;
  /** Every credential in the record. Others that carry the bridge's name were left over by a crash. */
  kept: readonly IssuedCredential[];
}

/** A new user name and password. */
export interface NewCredential extends Login {
  slot?: string;
  expiresOn?: Date;
}

/** What taking over a supplied secret needs. */
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
