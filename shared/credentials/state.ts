import * as z from 'zod';

/** A credential as a person declared it, without the secret. The kind defines the other fields. */
export interface Declared {
  kind: string;
}

/** A password of an account: one that the bridge issued, or one that it found in Azure and does not know. */
const KnownCredential = z.object({
  /** The declaration when it was issued; its kind is the one that revokes it. */
  declared: z.looseObject({ kind: z.string() }) as z.ZodType<Declared>,
  username: z.string(),
  /** Name of its secret in Key Vault; earlier releases kept all passwords of a registry under one name. */
  secretName: z.string().exactOptional(),
  /** Version of that secret; absent when the bridge does not know the password. */
  secretVersion: z.string().exactOptional(),
  /** Name of the password in Azure, or its key id; absent when it cannot be revoked by name. */
  slot: z.string().exactOptional(),
  issuedOn: z.coerce.date(),
  /** When Azure says that it was created, by Azure's clock; absent when Azure does not say. */
  createdOn: z.coerce.date().exactOptional(),
  /** When it expires; absent when it does not, or the bridge does not know. */
  expiresOn: z.coerce.date().exactOptional(),
  /** It was there before the bridge took it, and others may use it: the bridge revokes it only once the holder had it. */
  wasThere: z.literal(true).exactOptional(),
});
export type KnownCredential = z.infer<typeof KnownCredential>;

/** A user name and password that the holder (holder.ts) has, had, or will have. The password is only in Key Vault. */
const IssuedCredential = KnownCredential.extend({ secretVersion: z.string() });
export type IssuedCredential = z.infer<typeof IssuedCredential>;

/** One that the holder had before the current one, or may have had. */
const EarlierCredential = KnownCredential.extend({
  /** When the bridge revokes it; absent until the holder has confirmed a later one, because the holder may have it. */
  revokeOn: z.coerce.date().exactOptional(),
});
export type EarlierCredential = z.infer<typeof EarlierCredential>;

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

/** Why a credential was issued. */
export const REASONS_TO_ISSUE = ['first', 'refused', 'declared', 'requested', 'compromised', 'due'] as const;
export type ReasonToIssue = (typeof REASONS_TO_ISSUE)[number];

/**
 * The state of a registry's credential and its rotation. At every instant the holder has `current`, or one of `earlier`
 * that has no `revokeOn`, or nothing yet. So the bridge revokes none before the holder has confirmed a later one.
 */
export const CredentialState = z.object({
  /** The credential that the holder should have. */
  current: IssuedCredential.exactOptional(),
  /** Issued and saved, but not yet tested; the holder never had it. */
  candidate: IssuedCredential.exactOptional(),
  /** What came before `current` and is not revoked, the newest first. */
  earlier: z.array(EarlierCredential).exactOptional(),
  /** The last one that was revoked, and when. */
  revoked: KnownCredential.extend({ revokedOn: z.coerce.date() }).exactOptional(),
  /** Why the bridge goes back to the older credential: then `current` is the older one. */
  givenUp: Failure.exactOptional(),
  /** Why the last rotation started, and when. */
  why: z.enum(REASONS_TO_ISSUE).exactOptional(),
  startedOn: z.coerce.date().exactOptional(),
  /** Slot that a new password was being issued into; a run that was cut off may have left one there. */
  issuing: z.string().exactOptional(),
  /** Number of runs that tried the present step, and did not end it. */
  attempts: z.int().exactOptional(),
  /** Since when the registry has refused `current` each time it was asked. */
  refusedSince: z.coerce.date().exactOptional(),
  /** Since when copies that the bridge cannot see are made of `current`, where they were made of another one before. */
  copiedSince: z.coerce.date().exactOptional(),
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

/** Every credential in the record. */
export function credentialsOf({ current, candidate, earlier = [] }: CredentialState): KnownCredential[] {
  return [current, candidate, ...earlier].filter(credential => credential !== undefined);
}

/** Those of `earlier` that the holder may have: it has confirmed no later one. */
export function unconfirmed({ earlier = [] }: CredentialState): EarlierCredential[] {
  return earlier.filter(({ revokeOn }) => !revokeOn);
}

/** Where a credential's secret is in Key Vault. */
export function secretNameOf(
  registryName: string,
  { secretName }: Pick<KnownCredential, 'secretName'>,
): string {
  return secretName ?? `registry-${registryName}-password`;
}

/** The state as the registry's row has it: earlier releases knew one earlier credential. */
export const StoredState = z.preprocess(toEarlier, CredentialState);

function toEarlier(stored: unknown): unknown {
  const { previous, revokeOn, ...state } = stored as Record<string, unknown>;
  return previous ? { ...state, earlier: [{ ...previous, ...(revokeOn ? { revokeOn } : {}) }] } : state;
}

/** Whether a secret in Key Vault is, or may become, that of a registry. */
export function isRegistrySecret(secretName: string): boolean {
  return /^registry-.+-password$/i.test(secretName);
}
