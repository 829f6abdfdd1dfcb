import type { ZodType } from 'zod';
import type { ClusterCheck } from '../azure/aks/allowed-hosts.ts';
import type { PullSecrets } from '../azure/aks/pull-secrets.ts';
import type { PullRoles } from '../azure/arm/pull-roles.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import type { DeclaredDelivery, HeldRegistry } from '../credentials/holder.ts';
import type { Fault } from '../errors.ts';
import type { Verdict } from '../lib/check.ts';
import type { Content } from './content.ts';

/** One way in which workspaces of Coder v2 get what they pull with. */
export interface DeliveryKind<D extends DeclaredDelivery> {
  /** Schema of what a person declares; its literal `kind` is the name of the kind. */
  input: ZodType<D>;
  /** Whether workspaces pull with the login that the bridge issues or keeps; otherwise the nodes have an identity. */
  needsLogin: boolean;
  /** What the plan of a rotation says of the delivery. */
  step(declared: D): string;
  /** What is wrong with a declaration that fits the schema. */
  refuse?(declared: D, context: RefuseContext): Fault[];
  /** How often workspaces read the credential anew, in minutes; absent where the bridge sees that they have it. */
  refreshMinutes?(declared: D): number;
  /** Where the bridge writes the credential; absent where it writes none. */
  place?: Place<D>;
  /** @throws CredentialError while workspaces may still use the credential before the current one */
  proveUnused?(registry: HeldRegistry, services: DeliveryServices): Promise<void>;
  /** Whether workspaces can pull, as far as the bridge can see; where they need a login, there is one. */
  diagnose(declared: D, context: DiagnoseContext): Promise<Verdict>;
  /** Absent where nodes pull with an identity of theirs. */
  guide?: DeliveryGuide<D>;
}

/** A place that workspaces read, and that the bridge keeps up to date. */
export interface Place<D> {
  /** Names of what is written, the same for two registries that would write over each other. */
  namesOf(declared: D): string[];
  /** What the place holds now. @throws ServiceError, CredentialError */
  read(declared: D, services: DeliveryServices, signal: AbortSignal): Promise<FoundText[]>;
  /** @throws ServiceError, CredentialError */
  holds(declared: D, content: Content, services: DeliveryServices, signal: AbortSignal): Promise<boolean>;
  /**
   * Writes the content unless the place holds it, and reads it back.
   * @param contentNow is asked after the place was read, so that a late call writes nothing older than what is there
   * @throws ServiceError, CredentialError
   */
  fill(declared: D, contentNow: ContentNow, services: DeliveryServices, signal: AbortSignal): Promise<void>;
  /** Whether the place could be filled, before there is a credential. @throws CredentialError when it could not */
  tryOut?(declared: D, services: DeliveryServices, signal: AbortSignal): Promise<void>;
}

/** What was found, with the name of where. */
export interface FoundText {
  name: string;
  text: string;
}

/** undefined when there is nothing to write any more. */
export type ContentNow = () => Promise<Content | undefined>;

export interface DeliveryServices {
  vault: Vault;
  pullSecrets: PullSecrets;
  now(): Date;
  /** Version of the secret that was fetched last over HTTP; undefined when none ever was. */
  lastFetched(registry: string): Promise<string | undefined>;
}

export interface RefuseContext {
  isAllowedCluster: ClusterCheck;
  /** Names of secrets in Key Vault that are used for other things. */
  isReservedSecret(name: string): boolean;
}

export interface DiagnoseContext {
  registry: HeldRegistry & { resourceId: string };
  services: DeliveryServices & { pullRoles: PullRoles };
  signal: AbortSignal;
}

/** The steps of the setup guide. */
export interface DeliveryGuide<D> {
  /** Markdown in the form of the guide's templates. */
  text: string;
  /** The values of its names. */
  valuesOf(declared: D, registry: { name: string }): Readonly<Record<string, string>>;
}
