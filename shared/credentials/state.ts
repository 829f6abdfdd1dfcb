/** What a person declared of a credential, without a secret. The kind that is named knows the other fields. */
export interface Declared {
  kind: string;
}

/** A user name and password that Coder holds, held, or will hold. The password itself is in Key Vault alone. */
export interface IssuedCredential {
  /** What was declared when it was issued: its kind knows how to revoke it. */
  declared: Declared;
  username: string;
  /** Version of the registry's secret in Key Vault. */
  secretVersion: string;
  /** Name of the password in Azure, or its key id; absent when it cannot be revoked by name. */
  slot?: string;
  issuedOn: Date;
  /** When the registry stops accepting it; absent when that never happens or is not known. */
  expiresOn?: Date;
}

/**
 * How far a registry's credential is. At every instant Coder holds `current` or `previous`, or nothing yet. So neither
 * of them is revoked before Coder was given the other one and confirmed it.
 */
export interface CredentialState {
  /** What Coder is to hold. */
  current?: IssuedCredential;
  /** Issued and saved, not yet proven; Coder never had it. */
  candidate?: IssuedCredential;
  /** What Coder held before `current`. */
  previous?: IssuedCredential;
  /** When `previous` is revoked; absent until Coder has confirmed `current`. */
  revokeOn?: Date;
  /** Why Coder is given the older credential, `current`, in place of the newer one, `previous`. */
  givenUp?: Failure;
  /** A person asked at this time to replace every older credential. */
  requestedOn?: Date;
  /** Every credential issued before this time may be known to others, and is revoked without a grace period. */
  compromisedOn?: Date;
  /** Secret version whose expiry was announced. */
  warnedOf?: string;
  /** The run that carries the rotation on has it to itself until then. */
  leaseUntil?: Date;
  lastResult?: RotationResult;
}

/** What a registry's record says of its credential. */
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

/** Name of the one secret that a registry has in Key Vault. */
export function secretNameOf(registryName: string): string {
  return `registry-${registryName}-password`;
}

const DATE = /(?:On|Until|^on)$/;

/** Reads the state from the JSON in the registry's row. */
export function parseCredentialState(json: string | undefined): CredentialState {
  return JSON.parse(json ?? '{}', (key, value) =>
    DATE.test(key) && typeof value === 'string' ? new Date(value) : value,
  );
}
