import type { DeclaredCredential } from './kinds.ts';
import type { CredentialState } from './state.ts';

/** A registry whose credential is held. */
export interface HeldRegistry {
  name: string;
  loginServer: string;
  credential: DeclaredCredential;
  rotation: CredentialState;
}

/** Where the credential of a registry is kept by what pulls with it. */
export interface CredentialHolder {
  /** Gives the holder the registry's credential unless it holds it, or has no such registry. @throws ServiceError */
  deliver(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /**
   * Gives the holder the registry's credential, even if it was given it before, and has it use it.
   * @throws ServiceError when it cannot: `coder-rejected`, `coder-cannot-pull` and `credential-refused` are final
   */
  prove(registry: HeldRegistry, signal: AbortSignal): Promise<void>;
  /** Whether a person changed what the holder has since it was given the credential. @throws ServiceError */
  hasDrifted(registry: HeldRegistry, signal: AbortSignal): Promise<boolean>;
}
