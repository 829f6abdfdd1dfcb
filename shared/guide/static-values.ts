import { quote } from '../azure/az-commands.ts';
import { pullScopes } from '../policy/pull-scopes.ts';
import type { Registry } from '../records/registry.ts';
import { declarationOf } from './declaration.ts';
import type { Values } from './template.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Values for the kind `static`. The guide creates a scope-map token, which has the fewest rights in ACR. */
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

/** The present user name if a token can have it, so that repeating the steps renews the password. */
function tokenNameOf({ credential, resourceId }: Registry): string {
  const username = credential.kind === 'static' ? credential.username : '';
  const isToken = /^[\w-]{5,50}$/.test(username) && !UUID.test(username);
  // The administrator account has the name of the registry.
  return isToken && !resourceId.toLowerCase().endsWith(`/${username.toLowerCase()}`)
    ? username
    : 'coder-pull';
}

/** The declaration of the registry, split in two where the password goes. */
function declarationAround(registry: Registry, username: string): [string, string] {
  const credential = { kind: 'static', username, password: '' };
  const text = JSON.stringify({ ...declarationOf(registry), credential }, null, 2);
  const end = text.lastIndexOf('"');
  return [text.slice(0, end), text.slice(end)];
}
