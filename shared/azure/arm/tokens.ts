import type { Token } from '@azure/arm-containerregistry';
import { remember } from '../../lib/redaction/redact.ts';
import type { ClientOf } from './client.ts';
import { createIssuing, orUndefined } from './issuing.ts';
import { formatRegistryId, type RegistryResourceId } from './resource-id.ts';

export interface TokenState {
  enabled: boolean;
  /** When each password was created. Azure shows its value only then. */
  passwords: Record<string, Date>;
}

/** The scope-map tokens of a registry. Its methods throw as `Issuing` does. */
export interface RegistryTokens {
  /** The actions of a scope map; undefined when it does not exist. */
  findScopeMap(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<string[] | undefined>;
  putScopeMap(id: RegistryResourceId, name: string, actions: string[], signal: AbortSignal): Promise<void>;
  findToken(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<TokenState | undefined>;
  countTokens(id: RegistryResourceId, signal: AbortSignal): Promise<number>;
  createToken(id: RegistryResourceId, name: string, scopeMap: string, signal: AbortSignal): Promise<void>;
  generateTokenPassword(
    id: RegistryResourceId,
    token: string,
    name: string,
    expiresOn: Date,
    signal: AbortSignal,
  ): Promise<string>;
  /** Removes one password and keeps the other. */
  removeTokenPassword(
    id: RegistryResourceId,
    token: string,
    name: string,
    signal: AbortSignal,
  ): Promise<void>;
}

const DESCRIPTION = 'What Coder pulls. Kept in step with the policy by the Coder ACR Bridge.';

export function createRegistryTokens(clientOf: ClientOf): RegistryTokens {
  const issuing = createIssuing(clientOf, 'token');

  const findToken: RegistryTokens['findToken'] = (id, name, signal) =>
    issuing(id, signal, async ({ tokens }, at, options) => {
      const found = await orUndefined(tokens.get(...at, name, options));
      return found && toState(found);
    });

  return {
    findToken,

    findScopeMap: (id, name, signal) =>
      issuing(id, signal, async ({ scopeMaps }, at, options) => {
        const found = await orUndefined(scopeMaps.get(...at, name, options));
        return found && (found.actions ?? []);
      }),

    putScopeMap: (id, name, actions, signal) =>
      issuing(id, signal, async ({ scopeMaps }, at, options) => {
        await scopeMaps.create(...at, name, { description: DESCRIPTION, actions }, options);
      }),

    countTokens: (id, signal) =>
      issuing(id, signal, async ({ tokens }, at, options) => {
        let count = 0;
        for await (const _ of tokens.list(...at, options)) count += 1;
        return count;
      }),

    createToken: (id, name, scopeMap, signal) =>
      issuing(id, signal, async ({ tokens }, at, options) => {
        const scopeMapId = `${formatRegistryId(id)}/scopeMaps/${scopeMap}`;
        await tokens.create(...at, name, { scopeMapId, status: 'enabled' }, options);
      }),

    generateTokenPassword: (id, token, name, expiry, signal) =>
      issuing(id, signal, async ({ registries }, at, options) => {
        const tokenId = `${formatRegistryId(id)}/tokens/${token}`;
        const body = { tokenId, name: name as 'password1', expiry };
        const { passwords } = await registries.generateCredentials(...at, body, options);
        const value = passwords?.find(password => password.name === name)?.value;
        if (!value) throw new Error('Azure gave no value for the new password.');
        return remember(value);
      }),

    async removeTokenPassword(id, token, name, signal) {
      const { passwords = {} } = (await findToken(id, token, signal)) ?? {};
      if (!passwords[name]) return;
      const kept = Object.keys(passwords).filter(other => other !== name);
      await issuing(id, signal, async ({ tokens }, at, options) => {
        // Azure removes the passwords that this list leaves out (hashicorp/terraform-provider-azurerm#15939).
        const credentials = { passwords: kept.map(other => ({ name: other as 'password1' })) };
        await tokens.update(...at, token, { credentials }, options);
      });
    },
  };
}

function toState({ status, credentials }: Token): TokenState {
  const passwords = (credentials?.passwords ?? []).map(({ name, creationTime }) => [
    name,
    creationTime ?? new Date(0),
  ]);
  return { enabled: status !== 'disabled', passwords: Object.fromEntries(passwords) };
}
