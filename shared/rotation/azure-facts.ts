import type { FoundPassword } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import {
  type CredentialState,
  credentialsOf,
  type Declared,
  type KnownCredential,
} from '../credentials/state.ts';

/** The passwords of one account as Azure lists them. */
export interface Azure {
  /** The account that was listed; undefined for a kind whose passwords Azure does not list. */
  account: Declared | undefined;
  passwords: readonly FoundPassword[];
  /** Versions of the secrets that Azure shows other passwords for, where it shows passwords. */
  replaced: readonly string[];
}

/** Azure shows the time of a password in fractions of a second, and not always with the same number of digits. */
const SAME_MOMENT_MS = 2_000;

/** Whether Azure says that this password is gone: it was removed, or another one took its slot. */
export function isGone(credential: KnownCredential, azure: Azure): boolean {
  const { slot, createdOn, declared, secretVersion } = credential;
  if (!azure.account || slot === undefined || !isSameSource(declared, azure.account)) return false;
  const there = azure.passwords.find(password => password.slot === slot);
  if (!there || (secretVersion && azure.replaced.includes(secretVersion))) return true;
  if (!there.createdOn || !createdOn) return false;
  return there.createdOn.getTime() - createdOn.getTime() > SAME_MOMENT_MS;
}

/** The passwords of the declared account that the record does not have. The holder may have one of them. */
export function unknownPasswords(
  { declared, rotation }: { declared: Declared; rotation: CredentialState },
  azure: Azure,
): FoundPassword[] {
  const { current } = rotation;
  // A person supplied a password of this very account, and one of these is it.
  const isSupplied = current && !current.slot && current.username === userNameOf(declared);
  if (isSupplied) return [];
  const known = credentialsOf(rotation).filter(
    credential => isSameSource(credential.declared, declared) && !isGone(credential, azure),
  );
  return azure.passwords.filter(({ slot }) => !known.some(credential => credential.slot === slot));
}

/** Whether both are for the same account; their schedules do not matter. */
export function isSameSource(one: Declared, other: Declared): boolean {
  return one.kind === other.kind && userNameOf(one) === userNameOf(other);
}

/** The user name of the declared account, where a person may choose it. */
export function userNameOf(declared: Declared): string | undefined {
  return credentialKind(declared.kind).issuer?.accountOf?.(declared);
}
