import type { CredentialRecord } from './state.ts';

/** A registry as the holder of its credential sees it. A holder may read more of the record that it is given. */
export interface HeldRegistry extends CredentialRecord {
  loginServer: string;
}

/** Who pulls from registries with the credentials that the bridge gives it: Coder. */
export interface CredentialHolder {
  /** Gives it the registry's credential if it has the registry with another one. @throws ServiceError */
  deliver(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /**
   * Gives it the registry's credential, even if it was given it before, and has it use the credential.
   * @throws ServiceError when it cannot: `coder-rejected`, `coder-cannot-pull` and `credential-refused` are final
   */
  prove(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /** Whether the holder has something else than it was given: a person changed or deleted it there. @throws ServiceError */
  hasDrifted(registry: HeldRegistry, signal: AbortSignal): Promise<boolean>;
}
