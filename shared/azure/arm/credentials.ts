import type { TokenCredential } from '@azure/identity';
import { type AdminAccount, createAdminAccount } from './admin-account.ts';
import { createClientOf } from './client.ts';
import { createRegistryTokens, type RegistryTokens } from './tokens.ts';

/** The credentials of a registry through Azure Resource Manager. Every method throws as `Issuing` does. */
export interface ArmCredentials extends AdminAccount, RegistryTokens {}

/** @param url address of Azure Resource Manager in this cloud; its tokens have `audience` */
export function createArmCredentials(
  credential: TokenCredential,
  url: string,
  audience: string,
): ArmCredentials {
  const clientOf = createClientOf(credential, url, audience);
  return { ...createAdminAccount(clientOf), ...createRegistryTokens(clientOf) };
}
