import type { Token } from '@azure/arm-containerregistry';
import { remember } from '../../lib/redaction/redact.ts';
import type { ClientOf } from './client.ts';
import { createIssuing, orUndefined } from './issuing.ts';
import { formatRegistryId, type RegistryResourceId } from './resource-id.ts';

export interface TokenState {
  enabled: boolean;
  /** Name of its scope map. */
  scopeMap: string;
  /** When each password was created. Azure shows its value only then. */
  passwords: Record<string, Date>;
}

export interface ScopeMapState {
  description: string;
  actions: string[];
}

export interface NewTokenPassword {
  password: string;
  /** By Azure's clock; undefined when Azure does not say. */
  createdOn: Date | undefined;
}

/** The scope-map tokens of a registry. Its methods throw as `Issuing` does. */
export interface RegistryTokens {
  findScopeMap(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<ScopeMapState | undefined>;
  putScopeMap(id: RegistryResourceId, name: string, map: ScopeMapState, signal: AbortSignal): Promise<void>;
  findToken(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<TokenState | undefined>;
  countTokens(id: RegistryResourceId, signal: AbortSignal): Promise<number>;
  createToken(id: RegistryResourceId, name: string, scopeMap: string, signal: AbortSignal): Promise<void>;
  /** Gives a token that exists another scope map; its passwords stay. */
  changeScopeMap(id: RegistryResourceId, name: string, scopeMap: string, signal: AbortSignal): Promise<void>;
  generateTokenPassword(
    id: RegistryResourceId,
    token: string,
    name: string,
    expiresOn: Date,
    signal: AbortSignal,
  ): Promise<NewTokenPassword>;
  /** Succeeds when there is none. */
  deleteToken(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<void>;
  /** As `deleteToken`. Azure refuses it while a token has the map. */
  deleteScopeMap(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<void>;
  /** Removes one password and keeps the other. */
  removeTokenPassword(
    id: RegistryResourceId,
    token: string,
    name: string,
    signal: AbortSignal,
  ): Promise<void>;
}

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
        return found && { description: found.description ?? '', actions: found.actions ?? [] };
      }),

    putScopeMap: (id, name, map, signal) =>
      issuing(id, signal, async ({ scopeMaps }, at, options) => {
        await scopeMaps.create(...at, name, map, options);
      }),

    countTokens: (id, signal) =>
      issuing(id, signal, async ({ tokens }, at, options) => {
        let count = 0;
        for await (const _ of tokens.list(...at, options)) count += 1;
        return count;
      }),

    createToken: (id, name, scopeMap, signal) =>
      issuing(id, signal, async ({ tokens }, at, options) => {
        await tokens.create(...at, name, { scopeMapId: idOf(id, scopeMap), status: 'enabled' }, options);
      }),

    changeScopeMap: (id, name, scopeMap, signal) =>
      issuing(id, signal, async ({ tokens }, at, options) => {
        await tokens.update(...at, name, { scopeMapId: idOf(id, scopeMap) }, options);
      }),

    deleteToken: (id, name, signal) =>
      issuing(id, signal, async ({ tokens }, at, options) => {
        await tokens.delete(...at, name, options);
      }),

    deleteScopeMap: (id, name, signal) =>
      issuing(id, signal, async ({ scopeMaps }, at, options) => {
        await scopeMaps.delete(...at, name, options);
      }),

    generateTokenPassword: (id, token, name, expiry, signal) =>
      issuing(id, signal, async ({ registries }, at, options) => {
        const tokenId = `${formatRegistryId(id)}/tokens/${token}`;
        const body = { tokenId, name: name as 'password1', expiry };
        const { passwords } = await registries.generateCredentials(...at, body, options);
        const { value, creationTime } = passwords?.find(password => password.name === name) ?? {};
        if (!value) throw new Error('Azure gave no value for the new password.');
        return { password: remember(value), createdOn: creationTime };
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

function idOf(id: RegistryResourceId, scopeMap: string): string {
  return `${formatRegistryId(id)}/scopeMaps/${scopeMap}`;
}

function toState({ status, credentials, scopeMapId = '' }: Token): TokenState {
  const passwords = (credentials?.passwords ?? []).map(({ name, creationTime }) => [
    name,
    creationTime ?? new Date(0),
  ]);
  return {
    enabled: status !== 'disabled',
    scopeMap: scopeMapId.split('/').at(-1) ?? '',
    passwords: Object.fromEntries(passwords),
  };
}
