import type { CredentialRecord } from './state.ts';

/** The part of a registry's record that every holder reads. A holder may read more of the record. */
export interface HeldRegistry extends CredentialRecord {
  loginServer: string;
}

/**
 * What pulls from registries with the credentials that the bridge delivers. What it holds is revoked only after
 * `prove` succeeded with another one, and after the grace period. A holder that cannot show what it uses returns from
 * `prove` once it was given the credential; then the grace period is the time in which it must take it up.
 */
export interface CredentialHolder {
  /** Delivers the registry's credential if the holder has the registry with another one. @throws ServiceError */
  deliver(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /**
   * Delivers the registry's credential, even if it was delivered before, and makes the holder use it.
   * @throws ServiceError when it cannot: `coder-rejected`, `coder-cannot-pull` and `credential-refused` are final
   */
  prove(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /** Whether a person changed or deleted the delivered credential in the holder. @throws ServiceError */
  hasDrifted(registry: HeldRegistry, signal: AbortSignal): Promise<boolean>;
}
