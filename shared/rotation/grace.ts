import type { Failure } from '../credentials/state.ts';
import { isLeaked } from './decide.ts';
import type { Run } from './run.ts';

// The grace period of a credential whose copies the bridge cannot see. Its time counts only while the current one can be
// read where the copies are made from.

/** Whether the previous credential must not be revoked before it is out of use. */
export function mayBeInUse({ lease }: Run): boolean {
  const { rotation } = lease.registry();
  const { previous, givenUp } = rotation;
  return previous !== undefined && !givenUp && !isLeaked(previous, rotation);
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

/** Whether Key Vault gives the bridge no secrets, and perhaps no one else. */
export function isVaultOut({ reason }: Failure): boolean {
  return VAULT_OUT.includes(reason);
}
const VAULT_OUT = ['secrets-unavailable', 'secrets-forbidden', 'network-denied', 'token-refused'];

/** The grace period begins again: what the bridge cannot reach now, makers of copies cannot read either. */
export async function extendGrace(run: Run): Promise<boolean> {
  const { services, lease } = run;
  const minutes = services.holder.minutesInUse(lease.registry());
  const { revokeOn } = lease.registry().rotation;
  if (minutes === 0 || !revokeOn || !mayBeInUse(run)) return false;
  const earliest = new Date(services.now().getTime() + minutes * 60_000);
  if (revokeOn >= earliest) return false;
  await lease.save({ revokeOn: earliest });
  return true;
}
