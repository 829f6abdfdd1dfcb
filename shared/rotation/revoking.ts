import { forgetLeftOver, forgetSecret } from '../credentials/secrets.ts';
import { credentialsOf, type EarlierCredential } from '../credentials/state.ts';
import { revoked } from './changes.ts';
import { deliverAgain, mayBeInUse } from './grace.ts';
import { revoke } from './issuing.ts';
import type { Run } from './run.ts';

/** Removes the secrets of runs that were cut off. */
export async function tidy({ services, lease }: Run): Promise<void> {
  const { name, rotation } = lease.registry();
  await forgetLeftOver(services.vault, name, services.deploymentId, credentialsOf(rotation), services.now());
}

/**
 * Revokes a credential that was delivered before the current one.
 * @param deliverFirst whether the holder gets the current one again before that
 * @throws ServiceError, CredentialError
 */
export async function revokeEarlier(run: Run, old: EarlierCredential, deliverFirst: boolean): Promise<void> {
  const { services, lease, notices } = run;
  if (deliverFirst && (await deliverAgain(run))) return;
  if (deliverFirst && mayBeInUse(run, old)) await services.holder.proveUnused(lease.registry(), old);
  // One that was there before, and that the holder could not use, stays for those who use it.
  const { name, rotation } = lease.registry();
  const isLeft = old.wasThere && rotation.givenUp;
  if (!isLeft) await revoke(run, old);
  try {
    if (!isLeft) await forgetSecret(services.vault, name, old);
    await tidy(run);
  } finally {
    // Also when the vault takes no changes: to revoke a password of a shared account again makes another one.
    await lease.save(revoked(lease.registry().rotation, old, services.now()));
  }
  notices.revoked(old);
}
