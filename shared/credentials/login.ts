import type { Login } from '../azure/acr-tokens.ts';
import type { Vault } from '../azure/vault.ts';
import { ServiceError } from '../errors.ts';
import type { Registry } from '../records/registry.ts';
import { type IssuedCredential, secretNameOf } from './state.ts';

type Holder = Pick<Registry, 'name' | 'credential' | 'rotation'>;

/**
 * What Coder is given with the registry; undefined when it needs nothing.
 * @throws ServiceError `credential-not-ready` while the first one is being issued, or `secrets-unavailable`
 */
export async function loginOf(registry: Holder, vault: Vault): Promise<Login | undefined> {
  if (registry.credential.kind === 'managed-identity') return undefined;
  const { current } = registry.rotation;
  if (current) return readLogin(registry.name, current, vault);
  throw new ServiceError('credential-not-ready', 'The first credential for Coder is being issued.');
}

export async function readLogin(registryName: string, issue: IssuedCredential, vault: Vault): Promise<Login> {
  const password = await vault.read(secretNameOf(registryName), issue.secretVersion);
  return { username: issue.username, password };
}

/** Changes whenever Coder must be given another credential; undefined while there is none to give. */
export function loginVersionOf({ credential, rotation: { current } }: Holder): string | undefined {
  if (credential.kind === 'managed-identity') return credential.kind;
  return current && `${current.username}/${current.secretVersion}`;
}
