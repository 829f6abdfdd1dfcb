import { randomBytes } from 'node:crypto';
import type { Secrets } from '../secrets.ts';
import { type Route, type StandIn, startStandIn } from '../stand-in.ts';
import type { StandInResponse } from '../stand-in-messages.ts';
import type { VerifyEntraToken } from './bearer.ts';
import { createTokens, type ManagedIdentity, type Tokens } from './entra/tokens.ts';

export interface EntraOptions {
  secrets: Secrets;
  now: () => Date;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  tenantId: string;
  /** A request that names no identity gets the first. */
  identities: ManagedIdentity[];
  /** Value of IDENTITY_HEADER. */
  identityHeader: string;
}

/** Plays the endpoints where code in Azure gets tokens of its managed identities; plain http, as the real ones. */
export interface EntraStandIn extends StandIn {
  /** Value of IDENTITY_ENDPOINT. */
  identityEndpoint: string;
  /** The claims, or undefined when the token is not from here or has ended. */
  verify: VerifyEntraToken;
  giveTokensFor: Tokens['giveTokensFor'];
  /** A token as the identity itself would get it. @throws Error when no identity has `clientId` */
  tokenFor(clientId: string, resource: string): Promise<string>;
}

export async function startEntra(options: EntraOptions): Promise<EntraStandIn> {
  const { secrets, port, identities } = options;
  const tokens = createTokens(randomBytes(32), options.tenantId, options.now, secrets);
  const find: FindIdentity = clientId =>
    clientId === null ? identities[0] : identities.find(identity => identity.clientId === clientId);
  const standIn = await startStandIn({
    secrets,
    port,
    routes: [
      appServiceRoute(find, tokens, secrets.issue(options.identityHeader)),
      instanceMetadataRoute(find, tokens),
    ],
  });
  return {
    ...standIn,
    identityEndpoint: `${standIn.url}/msi/token`,
    verify: tokens.verify,
    giveTokensFor: tokens.giveTokensFor,
    async tokenFor(clientId, resource) {
      const identity = find(clientId);
      if (!identity) throw new Error(`No managed identity has the client id ${clientId}.`);
      return (await tokens.issue(identity, resource)).access_token;
    },
  };
}

/** The identity with that client id; null asks for the default one. */
type FindIdentity = (clientId: string | null) => ManagedIdentity | undefined;

/** App Service and Functions: https://learn.microsoft.com/azure/app-service/overview-managed-identity */
function appServiceRoute(find: FindIdentity, tokens: Tokens, identityHeader: string): Route {
  const refuse = (statusCode: number, message: string): StandInResponse => ({
    status: statusCode,
    body: { statusCode, message, correlationId: crypto.randomUUID() },
  });
  return {
    method: 'GET',
    path: /^\/msi\/token\/?$/i,
    async handle({ url: { searchParams }, headers }) {
      const resource = searchParams.get('resource');
      const identity = find(searchParams.get('client_id'));
      if (headers['x-identity-header'] !== identityHeader) return refuse(401, 'X-IDENTITY-HEADER is wrong.');
      if (searchParams.get('api-version') !== '2019-08-01') return refuse(400, 'Unsupported api-version.');
      if (!resource) return refuse(400, 'The resource is missing.');
      if (!identity) {
        return refuse(
          400,
          'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
        );
      }
      return { status: 200, body: await tokens.issue(identity, resource) };
    },
  };
}

/** IMDS: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
function instanceMetadataRoute(find: FindIdentity, tokens: Tokens): Route {
  const refuse = (error_description: string): StandInResponse => ({
    status: 400,
    body: { error: 'invalid_request', error_description },
  });
  return {
    method: 'GET',
    // The client of @azure/identity adds a slash.
    path: /^\/metadata\/identity\/oauth2\/token\/?$/,
    async handle({ url: { searchParams }, headers }) {
      const resource = searchParams.get('resource');
      const identity = find(searchParams.get('client_id'));
      if (headers.metadata !== 'true') return refuse('Required metadata header not specified');
      if (!searchParams.has('api-version')) return refuse('Required query variable "api-version" is missing');
      if (!resource) return refuse('Required query variable "resource" is missing');
      if (!identity) return refuse('Identity not found');
      return { status: 200, body: await tokens.issue(identity, resource) };
    },
  };
}
