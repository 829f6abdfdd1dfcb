import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import { CredentialError, describe, ServiceError, statusOf } from '../errors.ts';
import type { RegistryResourceId } from './arm-id.ts';
import { nameEmptyErrors } from './empty-errors.ts';
import { issuingRole } from './issuing-role.ts';
import { retryOptions } from './retries.ts';
import { roleAssignment } from './role-assignment.ts';

export interface AdminPasswords {
  username: string;
  /** By name, `password` and `password2`. */
  passwords: Record<string, string>;
}

export interface TokenState {
  enabled: boolean;
  /** When each password was made. Azure shows their values only when it makes them. */
  passwords: Record<string, Date>;
}

/**
 * The credentials of a registry through Azure Resource Manager.
 * @throws CredentialError, from every method, `azure-refused` or `admin-disabled`, with the command that mends it
 * @throws ServiceError `registry-unavailable`
 */
export interface ArmCredentials {
  listAdminPasswords(id: RegistryResourceId, signal: AbortSignal): Promise<AdminPasswords>;
  /** The old value of that password ends at once, and the new one works a minute later. */
  regenerateAdminPassword(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<AdminPasswords>;
  /** The actions of a scope map; undefined when there is none. */
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
  /** Keeps every other password. */
  removeTokenPassword(
    id: RegistryResourceId,
    token: string,
    name: string,
    signal: AbortSignal,
  ): Promise<void>;
}

const POLL = { updateIntervalInMs: 500 };

/** @param url of Azure Resource Manager in this cloud, whose tokens have `audience` */
export function createArmCredentials(
  credential: TokenCredential,
  url: string,
  audience: string,
): ArmCredentials {
  const clientOf = ({ subscriptionId }: RegistryResourceId) =>
    new ContainerRegistryManagementClient(credential, subscriptionId, {
      endpoint: url,
      credentials: { scopes: [`${audience}/.default`] },
      retryOptions,
      additionalPolicies: [nameEmptyErrors],
    });
  const find: ArmCredentials['findToken'] = (id, name, abortSignal) =>
    orUndefined(id, async () => {
      const { resourceGroup, registryName } = id;
      const found = await clientOf(id).tokens.get(resourceGroup, registryName, name, { abortSignal });
      const passwords = found.credentials?.passwords ?? [];
      return {
        enabled: found.status !== 'disabled',
        passwords: Object.fromEntries(
          passwords.map(({ name: slot, creationTime }) => [slot, creationTime ?? new Date(0)]),
        ),
      };
    });

  return {
    listAdminPasswords: (id, abortSignal) =>
      guarded(id, async () => {
        const { resourceGroup, registryName } = id;
        const { registries } = clientOf(id);
        return toAdmin(await registries.listCredentials(resourceGroup, registryName, { abortSignal }));
      }),

    regenerateAdminPassword: (id, name, abortSignal) =>
      guarded(id, async () => {
        const { resourceGroup, registryName } = id;
        const { registries } = clientOf(id);
        // Without a name Azure regenerates both, and what Coder holds would end.
        const parameters = { name: name as 'password' };
        return toAdmin(
          await registries.regenerateCredential(resourceGroup, registryName, parameters, { abortSignal }),
        );
      }),

    findScopeMap: (id, name, abortSignal) =>
      orUndefined(id, async () => {
        const { resourceGroup, registryName } = id;
        const { scopeMaps } = clientOf(id);
        return (await scopeMaps.get(resourceGroup, registryName, name, { abortSignal })).actions ?? [];
      }),

    putScopeMap: (id, name, actions, abortSignal) =>
      guarded(id, async () => {
        const { resourceGroup, registryName } = id;
        const description = 'What Coder pulls. Kept in step with the policy by the Coder ACR Bridge.';
        const { scopeMaps } = clientOf(id);
        const body = { description, actions };
        await scopeMaps.create(resourceGroup, registryName, name, body, { ...POLL, abortSignal });
      }),

    findToken: find,

    countTokens: (id, abortSignal) =>
      guarded(id, async () => {
        let count = 0;
        const { resourceGroup, registryName } = id;
        for await (const _ of clientOf(id).tokens.list(resourceGroup, registryName, { abortSignal }))
          count += 1;
        return count;
      }),

    createToken: (id, name, scopeMap, abortSignal) =>
      guarded(id, async () => {
        const { resourceGroup, registryName } = id;
        const body = { scopeMapId: `${pathOf(id)}/scopeMaps/${scopeMap}`, status: 'enabled' as const };
        await clientOf(id).tokens.create(resourceGroup, registryName, name, body, { ...POLL, abortSignal });
      }),

    generateTokenPassword: (id, token, name, expiresOn, abortSignal) =>
      guarded(id, async () => {
        const { resourceGroup, registryName } = id;
        const body = {
          tokenId: `${pathOf(id)}/tokens/${token}`,
          name: name as 'password1',
          expiry: expiresOn,
        };
        const { registries } = clientOf(id);
        const { passwords } = await registries.generateCredentials(resourceGroup, registryName, body, {
          ...POLL,
          abortSignal,
        });
        const value = passwords?.find(password => password.name === name)?.value;
        if (!value) throw new Error('Azure gave no value for the password that it made.');
        return value;
      }),

    removeTokenPassword: (id, token, name, abortSignal) =>
      guarded(id, async () => {
        const known = await find(id, token, abortSignal);
        if (!known?.passwords[name]) return;
        const { resourceGroup, registryName } = id;
        // A list of passwords removes those that it leaves out (hashicorp/terraform-provider-azurerm#15939).
        const passwords = Object.keys(known.passwords)
          .filter(other => other !== name)
          .map(other => ({ name: other as 'password1' }));
        const body = { credentials: { passwords } };
        await clientOf(id).tokens.update(resourceGroup, registryName, token, body, { ...POLL, abortSignal });
      }),
  };
}

function pathOf({ subscriptionId, resourceGroup, registryName }: RegistryResourceId): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${registryName}`;
}

function toAdmin(found: {
  username?: string | undefined;
  passwords?: { name?: string | undefined; value?: string | undefined }[] | undefined;
}): AdminPasswords {
  const passwords = (found.passwords ?? []).map(({ name = '', value = '' }) => [name, value]);
  return { username: found.username ?? '', passwords: Object.fromEntries(passwords) };
}

async function orUndefined<T>(id: RegistryResourceId, call: () => Promise<T>): Promise<T | undefined> {
  return guarded(id, async () => {
    try {
      return await call();
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  });
}

async function guarded<T>(id: RegistryResourceId, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toOurError(id, error);
  }
}

function toOurError(id: RegistryResourceId, error: unknown): Error {
  if (error instanceof CredentialError) return error;
  const status = statusOf(error);
  const { code } = error as { code?: string };
  if (code === 'UnAuthorizedForCredentialOperations') {
    const message = `The administrator account of ${id.registryName} is off. Run: az acr update --name ${id.registryName} --admin-enabled true`;
    return new CredentialError('admin-disabled', message, error);
  }
  if (status === 403) {
    // Azure names the action that was refused.
    const kind = /listCredentials|regenerateCredential/.test(describe(error)) ? 'admin' : 'token';
    const role = issuingRole(kind, id.registryName);
    const assignment = roleAssignment(role, 'PRINCIPAL_ID', pathOf(id)).join(' ');
    const message = `The bridge's identity may not do that with ${id.registryName}. Run: ${assignment}. Azure says: ${describe(error)}`;
    return new CredentialError('azure-refused', message, error);
  }
  // A token is not active for some seconds after it was made (409), and everything else of that kind passes too.
  const isRefusal = status === 400 || status === 404 || (status === 409 && code === 'QuotaExceeded');
  const message = `Azure Resource Manager: ${status ? `${status}, ` : ''}${describe(error)}`;
  return isRefusal
    ? new CredentialError('azure-refused', message, error)
    : new ServiceError('registry-unavailable', message, { cause: error });
}
