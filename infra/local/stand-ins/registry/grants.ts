import type { TokenIssuer } from '../../jwt.ts';
import type { Secrets } from '../../secrets.ts';
import { type Action, type Grant, grantActions, grantScopes, type Scope } from './scope.ts';

/** One username and password. An account with two passwords is two entries. */
export interface RegistryUser {
  username: string;
  password: string;
  /**
   * `admin` (the administrator account, or a service principal) may use Basic on /v2 directly. A scope-map
   * `token` may not: it is only accepted at /oauth2/token (github.com/Azure/acr/issues/466).
   */
  kind: 'admin' | 'token';
  actions: Action[];
}

/** Turns credentials into what they allow, and what somebody may do into tokens. */
export interface Grants {
  /** What a username and password allow at /oauth2/token; undefined when they are wrong. */
  ofPassword(username: string, password: string): Promise<Grant | undefined>;
  /** What Basic allows directly on /v2. */
  ofAdmin(username: string, password: string): Grant | undefined;
  ofRefreshToken(token: string): Promise<Grant | undefined>;
  ofAccessToken(token: string): Promise<Grant | undefined>;
  issueRefreshToken(actions: readonly Action[]): Promise<string>;
  /** Scopes that are not granted are left out silently, as ACR does. */
  issueAccessToken(grant: Grant, scopes: Scope[]): Promise<string>;
}

export interface GrantsOptions {
  issuer: TokenIssuer;
  secrets: Secrets;
  users: readonly RegistryUser[];
  loginServer(): string;
}

/** The username with which a refresh or access token is the password. */
export const TOKEN_USERNAME = '00000000-0000-0000-0000-000000000000';

const ACCESS_TOKEN_SECONDS = 75 * 60;
const REFRESH_TOKEN_SECONDS = 3 * 60 * 60;

export function createGrants({ issuer, secrets, users, loginServer }: GrantsOptions): Grants {
  function find(username: string, password: string): RegistryUser | undefined {
    return users.find(user => user.username === username && user.password === password);
  }
  async function issue(kind: string, claims: object, seconds: number): Promise<string> {
    const common = { iss: 'Azure Container Registry', aud: loginServer(), grant_type: kind };
    return secrets.issue(await issuer.sign({ ...common, ...claims }, seconds));
  }
  async function ofRefreshToken(token: string): Promise<Grant | undefined> {
    const claims = await issuer.verify(token);
    if (claims?.grant_type !== 'refresh_token') return undefined;
    return grantActions((claims.permissions as { actions: Action[] }).actions);
  }
  async function ofAccessToken(token: string): Promise<Grant | undefined> {
    const claims = await issuer.verify(token);
    return claims?.grant_type === 'access_token' ? grantScopes(claims.access as Scope[]) : undefined;
  }

  return {
    ofRefreshToken,
    ofAccessToken,
    async ofPassword(username, password) {
      if (username === TOKEN_USERNAME) {
        return (await ofRefreshToken(password)) ?? (await ofAccessToken(password));
      }
      const user = find(username, password);
      return user && grantActions(user.actions);
    },
    ofAdmin(username, password) {
      const user = find(username, password);
      return user?.kind === 'admin' ? grantActions(user.actions) : undefined;
    },
    issueRefreshToken: actions => issue('refresh_token', { permissions: { actions } }, REFRESH_TOKEN_SECONDS),
    issueAccessToken(grant, scopes) {
      const access = scopes
        .map(scope => ({ ...scope, actions: grant(scope) }))
        .filter(scope => scope.actions.length > 0);
      return issue('access_token', { access }, ACCESS_TOKEN_SECONDS);
    },
  };
}
