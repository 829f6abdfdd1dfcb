import type { Login } from '../azure/acr/tokens.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import { loginOf } from '../credentials/login.ts';
import { RefusedError, unknownRegistry } from '../errors.ts';
import type { Fetches } from '../records/fetch-table.ts';
import type { StoredRegistry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';

/**
 * The credential of a registry for a caller who may read it. With the delivery `pull` this is how workspaces get it, so
 * that it is noted before it is given.
 *
 * @throws RefusedError when there is no such registry, or its credential has no login
 * @throws ServiceError `credential-not-ready`, `secrets-unavailable`
 */
export async function giveCredential(
  { registries, vault, fetches }: { registries: Registries; vault: Vault; fetches: Fetches },
  name: string,
): Promise<{ registry: StoredRegistry; login: Login }> {
  const registry = await registries.get(name);
  if (!registry) throw unknownRegistry(name);
  const login = await loginOf(registry, vault);
  if (!login) throw nothingToGive(registry);
  const { current } = registry.rotation;
  if (registry.delivery?.kind === 'pull' && current) await fetches.note(name, current.secretVersion);
  return { registry, login };
}

function nothingToGive({ name, loginServer }: StoredRegistry): RefusedError {
  const message = `What pulls from ${loginServer} has an identity of its own, so there is no user name or password to give. Other clients should use their own identity too (for AKS nodes see GET /api/registries/${name}/setup), or a scope-map token that you create with az acr token create.`;
  return new RefusedError('no-credential-to-give', message);
}
