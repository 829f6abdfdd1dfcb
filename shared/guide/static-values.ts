import { quote } from '../azure/commands.ts';
import { pullScopes } from '../policy/pull-scopes.ts';
import type { Registry } from '../records/registry.ts';
import type { Values } from './template.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** For a user name and a password that a person supplies: the narrowest that ACR has is a scope-map token. */
export function staticValues(registry: Registry): Values {
  const tokenName = tokenNameOf(registry);
  const scopes = pullScopes(registry.policy);
  const [declarationBefore, declarationAfter] = declarationAround(registry, tokenName);
  return {
    tokenName,
    repositoryOptions: scopes
      .map(scope => `--repository ${quote(scope)} content/read metadata/read`)
      .join(' \\\n  '),
    declarationBefore,
    declarationAfter,
  };
}

/** The user name that the registry has, so that doing it again renews the password, if a token can have that name. */
function tokenNameOf({ credential, resourceId }: Registry): string {
  const username = credential.kind === 'static' ? credential.username : '';
  const isToken = /^[\w-]{5,50}$/.test(username) && !UUID.test(username);
  // The administrator account has the name of the registry.
  return isToken && !resourceId.toLowerCase().endsWith(`/${username.toLowerCase()}`)
    ? username
    : 'coder-pull';
}

/** What is declared of the registry, cut in two where the password belongs. */
function declarationAround(registry: Registry, username: string): [string, string] {
  const { resourceId, organizationId, policy, suspended, pinned, reconcileEveryMinutes } = registry;
  // What is undefined is left out.
  const declared = { resourceId, organizationId, policy, suspended, pinned, reconcileEveryMinutes };
  const credential = { kind: 'static', username, password: '' };
  const text = JSON.stringify({ ...declared, credential }, null, 2);
  const end = text.lastIndexOf('"');
  return [text.slice(0, end), text.slice(end)];
}
