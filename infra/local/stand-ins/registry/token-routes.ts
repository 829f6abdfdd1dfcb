import type { Claims } from '../../jwt.ts';
import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { parseBasic } from './access.ts';
import type { Grants } from './grants.ts';
import { ociError, unauthorized } from './oci-error.ts';
import { type Action, type Grant, parseScopes } from './scope.ts';

export interface TokenRoutesOptions {
  grants: Grants;
  loginServer(): string;
  verifyEntraToken(token: string): Promise<Claims | undefined>;
  identities: Readonly<Record<string, Action[]>>;
}

/** The audiences whose Entra tokens ACR exchanges. */
const AUDIENCES = ['https://containerregistry.azure.net', 'https://management.azure.com'];

/**
 * ACR's token service: an Entra token buys a refresh token at /oauth2/exchange, and a refresh token or a
 * password buys an access token at /oauth2/token.
 * https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
export function tokenRoutes({
  grants,
  loginServer,
  verifyEntraToken,
  identities,
}: TokenRoutesOptions): Route[] {
  async function exchange(form: URLSearchParams): Promise<StandInResponse> {
    if (form.get('grant_type') !== 'access_token') return badRequest('grant_type is not supported');
    if (form.get('service') !== loginServer()) return badRequest('service is not this registry');
    const claims = await verifyEntraToken(form.get('access_token') ?? '');
    if (!claims || !AUDIENCES.includes(String(claims.aud).replace(/\/$/, ''))) return unauthorized();
    const actions = identities[String(claims.oid)] ?? [];
    return { status: 200, body: { refresh_token: await grants.issueRefreshToken(actions) } };
  }

  async function answer(grant: Grant | undefined, parameters: URLSearchParams): Promise<StandInResponse> {
    if (parameters.get('service') !== loginServer()) return badRequest('service is not this registry');
    if (!grant) return unauthorized();
    const scopes = parseScopes(parameters.getAll('scope'));
    return { status: 200, body: { access_token: await grants.issueAccessToken(grant, scopes) } };
  }

  /** Anonymous callers send the grant type `password` without any; they find no user. */
  function grantOf(form: URLSearchParams): Promise<Grant | undefined> {
    if (form.get('grant_type') === 'refresh_token') {
      return grants.ofRefreshToken(form.get('refresh_token') ?? '');
    }
    return grants.ofPassword(form.get('username') ?? '', form.get('password') ?? '');
  }

  return [
    {
      method: 'POST',
      path: /^\/oauth2\/exchange$/,
      handle: ({ body }) => exchange(new URLSearchParams(body.toString())),
    },
    {
      method: 'POST',
      path: /^\/oauth2\/token$/,
      async handle({ body }) {
        const form = new URLSearchParams(body.toString());
        if (!['refresh_token', 'password'].includes(form.get('grant_type') ?? '')) {
          return badRequest('grant_type is not supported');
        }
        return answer(await grantOf(form), form);
      },
    },
    {
      method: 'GET',
      path: /^\/oauth2\/token$/,
      async handle({ headers, url }) {
        const [scheme, credentials = ''] = (headers.authorization ?? '').split(' ');
        const grant = scheme === 'Basic' ? await grants.ofPassword(...parseBasic(credentials)) : undefined;
        return answer(grant, url.searchParams);
      },
    },
  ];
}

function badRequest(message: string): StandInResponse {
  return ociError(400, 'BAD_REQUEST', message);
}
