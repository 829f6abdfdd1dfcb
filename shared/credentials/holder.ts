import type { CredentialRecord, IssuedCredential } from './state.ts';

/** How workspaces get the credential, as a person declared it; the kind of delivery defines the other fields. */
export interface DeclaredDelivery {
  kind: string;
}

/** The part of a registry's record that every holder reads. A holder may read more of the record. */
export interface HeldRegistry extends CredentialRecord {
  loginServer: string;
  /** Absent when the bridge delivers nothing to workspaces. */
  delivery?: DeclaredDelivery | undefined;
}

/**
 * What pulls from registries with the credentials that the bridge delivers: Coder itself, or its workspaces. What it holds
 * is revoked only after `prove` succeeded with another one, and after the grace period. A holder that cannot show what it
 * uses returns from `prove` once it was given the credential; `minutesInUse` says how long it may take it up.
 */
export interface CredentialHolder {
  /**
   * Makes sure that the holder can take the credential, before a record that says so is stored: fills a new place with
   * the credential that there is.
   * @throws ServiceError, CredentialError
   */
  prepare(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /**
   * Delivers the registry's credential if the holder has the registry with another one.
   * @throws ServiceError, CredentialError
   */
  deliver(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /**
   * Delivers the registry's credential, even if it was delivered before, and makes the holder use it.
   * @throws ServiceError when it cannot: `coder-rejected`, `coder-cannot-pull` and `credential-refused` are final
   * @throws CredentialError when the place that it is delivered to refuses it
   */
  prove(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /**
   * Whether a person changed or deleted the delivered credential in the holder.
   * @throws ServiceError, CredentialError
   */
  hasDrifted(registry: HeldRegistry, signal: AbortSignal): Promise<boolean>;
  /** Minutes after `prove` in which the previous credential may still be in use; 0 when `prove` has confirmed it. */
  minutesInUse(registry: HeldRegistry): number;
  /** What the plan of a rotation says of the delivery, such as `give it to Coder`. */
  deliveryStep(registry: HeldRegistry): string;
  /** Called before the credential `old` is revoked. @throws CredentialError while it may still be in use */
  proveUnused(registry: HeldRegistry, old: Pick<IssuedCredential, 'expiresOn'>): Promise<void>;
}
