import { credentialKind } from '../credentials/kinds/all.ts';
import type { EarlierCredential, Failure } from '../credentials/state.ts';
import { isLeaked } from './facts.ts';
import type { Run } from './run.ts';

// The grace period of a credential whose copies the bridge cannot see. Its time counts only while the current one can be
// read where the copies are made from.

/** Whether an earlier credential must not be revoked before it is out of use. */
export function mayBeInUse({ lease }: Run, old: EarlierCredential): boolean {
  return !isLeaked(old, lease.registry().rotation);
}

/**
 * Delivers the current credential. If the place had another one, copies of that may have been made, and the grace period
 * begins again.
 * @returns whether the grace period was extended
 * @throws ServiceError, CredentialError
 */
export async function deliverAgain(run: Run): Promise<boolean> {
  const { services, lease, signal } = run;
  const { holder } = services;
  const wasChanged =
    holder.minutesInUse(lease.registry()) > 0 && (await holder.hasDrifted(lease.registry(), signal));
  await holder.prove(lease.registry(), signal);
  return wasChanged && extendGrace(run);
}

/**
 * Delivers the current credential, before a password is overwritten that the record does not have.
 * @returns whether no copy can have that one any more
 * @throws ServiceError, CredentialError
 */
export async function mayOverwrite(run: Run): Promise<boolean> {
  const { services, lease } = run;
  await deliverAgain(run);
  const { current, copiedSince } = lease.registry().rotation;
  const since = Math.max(Number(current?.issuedOn ?? 0), Number(copiedSince ?? 0));
  return services.now().getTime() - since >= services.holder.minutesInUse(lease.registry()) * 60_000;
}

/** Whether Key Vault gives the bridge no secrets, and perhaps no one else. */
export function isVaultOut({ reason }: Failure): boolean {
  return VAULT_OUT.includes(reason);
}
const VAULT_OUT = ['secrets-unavailable', 'secrets-forbidden', 'network-denied', 'token-refused'];

/** The grace period begins again: what the bridge cannot reach now, makers of copies cannot read either. */
export async function extendGrace(run: Run): Promise<boolean> {
  const { services, lease } = run;
  const minutes = services.holder.minutesInUse(lease.registry());
  if (minutes === 0) return false;
  const { credential, rotation } = lease.registry();
  const { earlier = [] } = rotation;
  const now = services.now();
  const revokeOn = new Date(now.getTime() + minutes * 60_000);
  const isTooSoon = (old: EarlierCredential) =>
    old.revokeOn !== undefined && old.revokeOn < revokeOn && mayBeInUse(run, old);
  const isExtended = earlier.some(isTooSoon);
  // Where slots are shared, the record may not have what is in the other one.
  const isShared = credentialKind(credential.kind).issuer?.shared === true;
  if (isExtended || isShared)
    await lease.save({
      ...(isExtended && { earlier: earlier.map(old => (isTooSoon(old) ? { ...old, revokeOn } : old)) }),
      ...(isShared && { copiedSince: now }),
    });
  return isExtended;
}
