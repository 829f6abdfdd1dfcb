import type { DeclaredCredential } from './credential.ts';

/** A user name and password that Coder holds, held, or is to hold; the password itself is in Key Vault alone. */
export interface Issue {
  /** What was declared when it was issued, which tells how it is revoked. */
  declared: DeclaredCredential;
  username: string;
  /** Version of the registry's secret in Key Vault. */
  secretVersion: string;
  /** Name of the password in Azure, or its key id; absent where nobody but its end revokes it. */
  slot?: string;
  issuedOn: Date;
  /** When the registry stops accepting it by itself; absent when never, or when nobody told us. */
  expiresOn?: Date;
}

/**
 * How far a registry's credential is. At every instant Coder holds `current` or `previous`, or nothing yet; so neither
 * of them is revoked before Coder was given the other and confirmed it.
 */
export interface Rotation {
  /** What Coder is to hold. */
  current?: Issue;
  /** Issued and saved, not yet proven; Coder never had it. */
  candidate?: Issue;
  /** What Coder held before `current`. */
  previous?: Issue;
  /** When `previous` is revoked; absent until Coder has confirmed `current`. */
  revokeOn?: Date;
  /** Why `previous`, the newer one, is taken back from Coder again. */
  givenUp?: Failure;
  /** Issue anew what is older than this. */
  requestedOn?: Date;
  /** Revoke at once what is older than this. */
  compromisedOn?: Date;
  /** Version of the secret of whose end was told. */
  warnedOf?: string;
  /** Whoever carries a run on holds it until then. */
  leaseUntil?: Date;
  lastResult?: RotationResult;
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

/** Of the one secret that a registry has in Key Vault. */
export function secretNameOf(registryName: string): string {
  return `registry-${registryName}-password`;
}

const DATE = /(?:On|Until|^on)$/;

/** Reads back what JSON made of it. */
export function parseRotation(text: string | undefined): Rotation {
  return JSON.parse(text ?? '{}', (key, value) =>
    DATE.test(key) && typeof value === 'string' ? new Date(value) : value,
  );
}
