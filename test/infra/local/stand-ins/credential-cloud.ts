import { join } from 'node:path';
import { ContainerRegistryManagementClient, type Token } from '@azure/arm-containerregistry';
import { type Cloud, startCloud } from '../../../../infra/local/cloud.ts';
import { ensureTls } from '../../../../infra/local/tls.ts';

/** A cloud in which the bridge manages the credentials of the sample registry. */
export interface CredentialCloud extends Cloud {
  /** The SDK's client, as the bridge has it. */
  client: ContainerRegistryManagementClient;
  /** Resource group and name of the sample registry, as the client takes them. */
  at: [group: string, registry: string];
  /** What /oauth2/token answers, and what the token that it gives allows. */
  login(username: string, password: string, scope?: string): Promise<{ status: number; access: unknown }>;
  /** What /v2/ answers to Basic. */
  basic(username: string, password: string): Promise<Response>;
  /** A token of the sample registry, ready to be given passwords. */
  newToken(changes?: Token): Promise<Token & { id: string; name: string }>;
}

export async function startCredentialCloud(): Promise<CredentialCloud> {
  const cloud = await startCloud({
    tls: await ensureTls(join(import.meta.dirname, '../../../../.local/tls')),
  });
  const { registry, arm } = cloud.standIns;
  const [, , subscription = '', , group = '', , , , name = ''] = cloud.registry.resourceId.split('/');
  const client = new ContainerRegistryManagementClient(credentialOf(cloud), subscription, {
    endpoint: arm.url,
    credentials: { scopes: ['https://management.azure.com/.default'] },
  });
  const authorization = (username: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  });
  let tokens = 0;
  return {
    ...cloud,
    client,
    at: [group, name],
    async login(username, password, scope = 'repository:team/app:pull') {
      const query = new URLSearchParams({ service: registry.loginServer, scope });
      const headers = authorization(username, password);
      const answer = await fetch(`${registry.url}/oauth2/token?${query}`, { headers });
      if (!answer.ok) return { status: answer.status, access: undefined };
      const { access_token } = (await answer.json()) as { access_token: string };
      const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString());
      return { status: answer.status, access: claims.access };
    },
    basic: (username, password) =>
      fetch(`${registry.url}/v2/`, { headers: authorization(username, password) }),
    async newToken(changes = {}) {
      tokens += 1;
      const scopeMapId = `${cloud.registry.resourceId}/scopeMaps/_repositories_pull`;
      const { id = '', ...token } = await client.tokens.create(group, name, `token-${tokens}`, {
        scopeMapId,
        status: 'enabled',
        ...changes,
      });
      return { ...token, id, name: `token-${tokens}` };
    },
  };
}

/** What the SDK takes in place of the bridge's managed identity. */
function credentialOf({ standIns: { entra }, appSettings }: Cloud) {
  return {
    getToken: async () => ({
      token: await entra.tokenFor(appSettings.AZURE_CLIENT_ID ?? '', 'https://management.azure.com'),
      expiresOnTimestamp: Date.now() + 3_600_000,
    }),
  };
}
