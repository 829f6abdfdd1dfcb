import type { RegistryAccount } from '../registry/grants.ts';
import { EVERY_ACTION } from '../registry/scope.ts';
import { type AdminAccount, createAdminAccount } from './admin-account.ts';
import type { RegistryState } from './registry.ts';
import { grantScopeMap } from './scope-map-actions.ts';
import { createScopeMaps, type ScopeMaps } from './scope-maps.ts';
import { createTokens, type Tokens } from './tokens.ts';

/**
 * The accounts of a registry that have passwords. A test that calls these methods directly does what a person does in
 * the portal, without the bridge.
 */
export interface RegistryAccounts {
  admin: AdminAccount;
  scopeMaps: ScopeMaps;
  tokens: Tokens;
  /** For the registry: finds the account of a user name and password. */
  find(username: string, password: string): RegistryAccount | undefined;
}

export function createRegistryAccounts(state: RegistryState): RegistryAccounts {
  const admin = createAdminAccount(state);
  const scopeMaps = createScopeMaps(state);
  const tokens = createTokens(state);
  return {
    ...{ admin, scopeMaps, tokens },
    find(username, password) {
      if (admin.accepts(username, password)) return { kind: 'admin', actions: EVERY_ACTION };
      const token = tokens.authenticate(username, password);
      if (!token) return undefined;
      return { kind: 'token', actions: grantScopeMap(scopeMaps.findById(token.scopeMapId)?.actions ?? []) };
    },
  };
}
