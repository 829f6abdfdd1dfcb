/** A credential as a person declared it, without the secret. The kind defines the other fields. */
export interface Declared {
  kind: string;
}

/** A user name and password that Coder holds, held, or will hold. The password itself is only in Key Vault. */
export interface IssuedCredential {
  /** The declaration when it was issued; its kind is the one that revokes it. */
  declared: Declared;
  username: string;
  /** Version of the registry's secret in Key Vault. */
  secretVersion: string;
  /** Name of the password in Azure, or its key id; absent when it cannot be revoked by name. */
  slot?: string;
  issuedOn: Date;
  /** When it expires; absent when it does not, or the bridge does not know. */
  expiresOn?: Date;
}

/**
 * The state of a registry's credential and its rotation. At every instant Coder holds `current` or `previous`, or
 * nothing yet. So the bridge revokes neither before it gave Coder the other one and Coder confirmed it.
 */
export interface CredentialState {
  /** The credential that Coder should hold. */
  current?: IssuedCredential;
  /** Issued and saved, but not yet tested; Coder never had it. */
  candidate?: IssuedCredential;
  /** The credential that Coder held before `current`. */
  previous?: IssuedCredential;
  /** When `previous` is revoked; absent until Coder has confirmed `current`. */
  revokeOn?: Date;
  /**
   * Why the bridge gives Coder the older credential back: then `current` is the older one and `previous` the newer one.
   */
  givenUp?: Failure;
  /** A person asked at this time to replace every older credential. */
  requestedOn?: Date;
  /** Others may know every credential issued before this time; the bridge revokes those without a grace period. */
  compromisedOn?: Date;
  /** Secret version whose expiry was announced. */
  warnedOf?: string;
  /** Until then, one run holds the lease of the rotation. */
  leaseUntil?: Date;
  lastResult?: RotationResult;
}

/** The part of a registry's record about its credential. */
export interface CredentialRecord {
  name: string;
  credential: Declared;
  rotation: CredentialState;
}

export interface Failure {
  reason: string;
  message: string;
}

/** How the last run that changed something, or found something wrong, ended. */
export interface RotationResult extends Failure {
  on: Date;
  outcome: 'rotated' | 'failed';
}

/** Name of the registry's only secret in Key Vault. */
export function secretNameOf(registryName: string): string {
  return `registry-${registryName}-password`;
}

/** Whether a secret in Key Vault is, or may become, that of a registry. */
export function isRegistrySecret(secretName: string): boolean {
  return /^registry-.+-password$/i.test(secretName);
}

const DATE = /(?:On|Until|^on)$/;

/** Reads the state from the JSON in the registry's row. */
export function parseCredentialState(json: string | undefined): CredentialState {
  return JSON.parse(json ?? '{}', (key, value) =>
    DATE.test(key) && typeof value === 'string' ? new Date(value) : value,
  );
}
