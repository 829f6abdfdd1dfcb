import type { TokenCredential } from '@azure/identity';

/** Audiences of Key Vault in Azure's clouds. */
const OF_VAULTS = /^https:\/\/(?:vault|managedhsm)\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)\/\.default$/;

/**
 * The credential, for tokens that only vaults take. A vault's challenge names the audience of the token that is then sent
 * to it, so without this a vault could ask for one with which it calls Azure Resource Manager.
 *
 * @param url of the vault; outside Azure this may be the audience too
 */
export function onlyForVaults(credential: TokenCredential, url: string): TokenCredential {
  return {
    async getToken(scopes, options) {
      const others = [scopes].flat().filter(scope => !OF_VAULTS.test(scope) && scope !== `${url}/.default`);
      if (others.length === 0) return credential.getToken(scopes, options);
      throw new Error(`The vault asks for a token for ${others.join(', ')}, which is not for vaults.`);
    },
  };
}
