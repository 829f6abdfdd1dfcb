import type { Login } from '../azure/acr/tokens.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import { ServiceError } from '../errors.ts';
import { givesLogin } from './kinds/all.ts';
import { type CredentialRecord, type IssuedCredential, secretNameOf } from './state.ts';

/**
 * The login that Coder gets with the registry; undefined when it needs none.
 * @throws ServiceError `credential-not-ready` while the first credential is being issued, or `secrets-unavailable`
 */
export async function loginOf(
  registry: CredentialRecord,
  vault: Pick<Vault, 'read'>,
): Promise<Login | undefined> {
  if (!givesLogin(registry.credential)) return undefined;
  const { current } = registry.rotation;
  if (current) return readLogin(registry.name, current, vault);
  throw new ServiceError('credential-not-ready', 'The first credential is being issued.');
}

async function readLogin(name: string, issued: IssuedCredential, vault: Pick<Vault, 'read'>): Promise<Login> {
  const password = await vault.read(secretNameOf(name, issued), issued.secretVersion);
  return { username: issued.username, password };
}

/** A value that changes whenever Coder needs another credential; undefined while there is none to deliver. */
export function loginVersionOf({ credential, rotation }: CredentialRecord): string | undefined {
  if (!givesLogin(credential)) return credential.kind;
  const { current } = rotation;
  return current && `${current.username}/${current.secretVersion}`;
}
