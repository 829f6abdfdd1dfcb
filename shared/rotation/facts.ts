import { credentialKind } from '../credentials/kinds/all.ts';
import type {
  CredentialState,
  Declared,
  EarlierCredential,
  Failure,
  IssuedCredential,
  KnownCredential,
} from '../credentials/state.ts';
import type { Azure } from './azure-facts.ts';

/**
 * What a test at the registry says of a credential: the registry accepts it; or refuses the password; or knows the
 * password, but does not let it pull; or the password is gone from Key Vault, so that it cannot be tested.
 */
export type Verdict = 'accepted' | 'refused' | 'no-rights' | 'missing';

/** The facts on which a run decides what to do next. */
export interface RotationFacts {
  declared: Declared;
  rotation: CredentialState;
  now: Date;
  /** What the registry says of `current`; accepted when there is none. */
  current: Verdict;
  /** The newest earlier one that the registry accepts; looked for only when it does not accept `current`. */
  accepted: EarlierCredential | undefined;
  /** What was found out besides; undefined until a step asks for it. */
  found: Found | undefined;
}

/** What a run finds out before it issues anything. */
export interface Found {
  /** Why the registry's answers prove nothing now: it refuses the bridge's own identity too, or answers strangely. */
  outage: Failure | undefined;
  /** What the registry says of the candidate now; accepted when there is none. */
  candidate: Verdict;
  /** The passwords that the declared account has in Azure. */
  azure: Azure;
  /** A credential in Key Vault that is newer than the record and that the registry accepts: the record is old. */
  stored: IssuedCredential | undefined;
  /** Whether the holder still has what the bridge gave it last: no person gave it another one. */
  isUntouched: boolean;
}

/** Whether the bridge issues credentials of the declared kind. */
export function issues({ declared }: Pick<RotationFacts, 'declared'>): boolean {
  return credentialKind(declared.kind).issuer !== undefined;
}

/** Whether it was issued before the reported compromise. */
export function isLeaked({ issuedOn }: KnownCredential, { compromisedOn }: CredentialState): boolean {
  return compromisedOn !== undefined && issuedOn < compromisedOn;
}
