import { randomUUID } from 'node:crypto';
import type { ListedSecret, SecretDetails, Vault } from '../azure/key-vault/vault.ts';
import { type Declared, type IssuedCredential, type KnownCredential, secretNameOf } from './state.ts';

// Every credential has a secret of its own in Key Vault. Versions of a secret cannot be deleted one by one, so secrets
// that got versions would grow without end. A deleted secret is gone for good after the vault's retention period.

/** Says which registry of which deployment a secret is for. */
function ownerTags(registryName: string, deploymentId: string | undefined): Record<string, string> {
  return { registry: registryName, bridge: deploymentId ?? 'local' };
}

/**
 * Stores the password of a new credential. The tags say enough of it to take it up again when the record is lost.
 * @returns where it is
 */
export async function storeSecret(
  vault: Vault,
  registryName: string,
  deploymentId: string | undefined,
  credential: Omit<KnownCredential, 'secretName' | 'secretVersion'> & { password: string },
): Promise<Pick<IssuedCredential, 'secretName' | 'secretVersion'>> {
  const { declared, username, slot, issuedOn, createdOn, expiresOn, password } = credential;
  const time = issuedOn.toISOString().replace(/\D/g, '').slice(0, 14);
  const secretName = `registry-${registryName}-${time}-${randomUUID().slice(0, 8)}`;
  const details: SecretDetails = {
    expiresOn,
    tags: {
      ...ownerTags(registryName, deploymentId),
      ...{ kind: declared.kind, username, issuedOn: issuedOn.toISOString() },
      ...(slot && { slot }),
      ...(createdOn && { createdOn: createdOn.toISOString() }),
    },
  };
  return { secretName, secretVersion: await vault.write(secretName, password, details) };
}

/**
 * Stores a secret as a credential of this kind would be, and removes it.
 * @throws as `Vault.write` does
 */
export async function proveStore(
  vault: Vault,
  registryName: string,
  deploymentId: string | undefined,
  declared: Declared,
): Promise<void> {
  // Should it be left over, it is older than every credential.
  const probe = { declared, username: registryName, issuedOn: new Date(0), password: randomUUID() };
  const { secretName } = await storeSecret(vault, registryName, deploymentId, probe);
  if (secretName) await vault.remove(secretName);
}

/** The secrets of a registry, the newest first. */
export async function listSecrets(
  vault: Vault,
  registryName: string,
  deploymentId: string | undefined,
): Promise<ListedSecret[]> {
  const found = await vault.list(ownerTags(registryName, deploymentId));
  return found.sort((a, b) => (b.tags.issuedOn ?? '').localeCompare(a.tags.issuedOn ?? ''));
}

/** The credential that a secret holds, as issued by `declared`; undefined when it was another account, or is gone. */
export async function readStored(
  vault: Vault,
  { name, tags, expiresOn }: ListedSecret,
  declared: Declared,
): Promise<IssuedCredential | undefined> {
  const { kind, username, issuedOn, slot, createdOn } = tags;
  if (kind !== declared.kind || !username || !issuedOn) return undefined;
  const newest = await vault.newest(name);
  if (!newest) return undefined;
  return {
    ...{ declared, username, secretName: name, secretVersion: newest.version, issuedOn: new Date(issuedOn) },
    ...(slot && { slot }),
    ...(createdOn && { createdOn: new Date(createdOn) }),
    ...(expiresOn && { expiresOn }),
  };
}

/** Removes the secret of a credential that is not used any more. */
export async function forgetSecret(vault: Vault, registryName: string, old: KnownCredential): Promise<void> {
  const { secretName, secretVersion } = old;
  if (secretName) await vault.remove(secretName);
  // Earlier releases kept several passwords under one name.
  else if (secretVersion) await vault.disable(secretNameOf(registryName, old), secretVersion);
}

/** A call under way may have stored a secret that the record does not name yet. */
const RECENT_MS = 5 * 60_000;

/** Removes the secrets of a registry that calls which were cut off left behind. */
export async function forgetLeftOver(
  vault: Vault,
  registryName: string,
  deploymentId: string | undefined,
  kept: readonly KnownCredential[],
  now: Date,
): Promise<void> {
  const names = new Set(kept.map(({ secretName }) => secretName));
  for (const { name, createdOn } of await listSecrets(vault, registryName, deploymentId)) {
    if (names.has(name) || now.getTime() - createdOn.getTime() < RECENT_MS) continue;
    await vault.remove(name);
  }
}

/** Removes every secret of a registry. */
export async function forgetAll(
  vault: Vault,
  registryName: string,
  deploymentId: string | undefined,
): Promise<void> {
  await vault.remove(secretNameOf(registryName, {}));
  for (const { name } of await listSecrets(vault, registryName, deploymentId)) await vault.remove(name);
}
