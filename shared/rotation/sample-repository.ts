import type { Acr } from '../azure/acr/client.ts';
import { ServiceError } from '../errors.ts';
import { covers, pullScopes } from '../policy/pull-scopes.ts';
import type { Registry } from '../records/registry.ts';

/**
 * A repository to test a credential with: one that the policy names and the registry has. Undefined while there is
 * none, or when the bridge's identity may not list repositories (in ABAC mode) and the policy names no single one.
 *
 * @throws ServiceError `registry-unavailable`
 */
export async function chooseRepository(
  acr: Acr,
  { loginServer, policy }: Registry,
  signal: AbortSignal,
): Promise<string | undefined> {
  const scopes = pullScopes(policy);
  try {
    for await (const repository of acr.listRepositories(loginServer, signal)) {
      if (scopes.some(scope => covers(scope, repository))) return repository;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof ServiceError && error.reason === 'registry-unauthorized')) throw error;
    return scopes.find(scope => !scope.endsWith('*'));
  }
}
