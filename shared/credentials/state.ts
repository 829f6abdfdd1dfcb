import * as z from 'zod';

/** A credential as a person declared it, without the secret. The kind defines the other fields. */
export interface Declared {
  kind: string;
}

/** A user name and password that Coder holds, held, or will hold. The password itself is only in Key Vault. */
const IssuedCredential = z.object({
  /** The declaration when it was issued; its kind is the one that revokes it. */
  declared: z.looseObject({ kind: z.string() }) as z.ZodType<Declared>,
  username: z.string(),
  /** Version of the registry's secret in Key Vault. */
  secretVersion: z.string(),
  /** Name of the password in Azure, or its key id; absent when it cannot be revoked by name. */
  slot: z.string().exactOptional(),
  issuedOn: z.coerce.date(),
  /** When it expires; absent when it does not, or the bridge does not know. */
  expiresOn: z.coerce.date().exactOptional(),
});
export type IssuedCredential = z.infer<typeof IssuedCredential>;

const Failure = z.object({
  reason: z.string(),
  message: z.string(),
  /** What a person must do, where the message does not say it. */
  remedy: z.string().optional(),
  /** True when a service only did not answer: the same step may work later without a change by a person. */
  retryable: z.boolean().exactOptional(),
});
export type Failure = z.infer<typeof Failure>;

/** How the last run that changed something, or found something wrong, ended. */
const RotationResult = z.object({
  ...Failure.shape,
  on: z.coerce.date(),
  outcome: z.enum(['rotated', 'failed']),
});
export type RotationResult = z.infer<typeof RotationResult>;

/**
 * The state of a registry's credential and its rotation. At every instant Coder holds `current` or `previous`, or
 * nothing yet. So the bridge revokes neither before it gave Coder the other one and Coder confirmed it.
 */
export const CredentialState = z.object({
  /** The credential that Coder should hold. */
  current: IssuedCredential.exactOptional(),
  /** Issued and saved, but not yet tested; Coder never had it. */
  candidate: IssuedCredential.exactOptional(),
  /** The credential that Coder held before `current`. */
  previous: IssuedCredential.exactOptional(),
  /** When `previous` is revoked; absent until Coder has confirmed `current`. */
  revokeOn: z.coerce.date().exactOptional(),
  /**
   * Why the bridge gives Coder the older credential back: then `current` is the older one and `previous` the newer one.
   */
  givenUp: Failure.exactOptional(),
  /** A person asked at this time to replace every older credential. */
  requestedOn: z.coerce.date().exactOptional(),
  /** Others may know every credential issued before this time; the bridge revokes those without a grace period. */
  compromisedOn: z.coerce.date().exactOptional(),
  /** Secret version whose expiry was announced. */
  warnedOf: z.string().exactOptional(),
  /** Until then, one run holds the lease of the rotation. */
  leaseUntil: z.coerce.date().exactOptional(),
  lastResult: RotationResult.exactOptional(),
});
export type CredentialState = z.infer<typeof CredentialState>;

/** The part of a registry's record about its credential. */
export interface CredentialRecord {
  name: string;
  credential: Declared;
  rotation: CredentialState;
}

/** Name of the registry's only secret in Key Vault. */
export function secretNameOf(registryName: string): string {
  return `registry-${registryName}-password`;
}

/** Whether a secret in Key Vault is, or may become, that of a registry. */
export function isRegistrySecret(secretName: string): boolean {
  return /^registry-.+-password$/i.test(secretName);
}
