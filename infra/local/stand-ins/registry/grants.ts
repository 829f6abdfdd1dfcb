import type { Claims, TokenIssuer } from '../../jwt.ts';
import type { Secrets } from '../../secrets.ts';
import { type Action, type Grant, grantActions, grantScopes, type Scope } from './scope.ts';

/** The owner of a username and password. */
export interface RegistryAccount {
  /**
   * `admin` (the administrator account, or a service principal) may use Basic on /v2 directly. A scope-map
   * `token` may not: it is only accepted at /oauth2/token (github.com/Azure/acr/issues/466).
   */
  kind: 'admin' | 'token';
  /** The same in every repository, or what it is in each. */
  actions: readonly Action[] | Grant;
}

/** One username and password. An account with two passwords is two entries. */
export interface RegistryUser extends RegistryAccount {
  username: string;
  password: string;
  actions: Action[];
}

/** Undefined when username or password are wrong or not valid now. Called once for each request that has them. */
export type FindAccount = (username: string, password: string) => RegistryAccount | undefined;

/** Turns credentials into rights, and rights into tokens. */
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
  findAccount: FindAccount;
  loginServer(): string;
  /** Number of times all logins were ended; tokens from before the last time are invalid. */
  loginsEnded(): number;
}

/** The username with which a refresh or access token is the password. */
export const TOKEN_USERNAME = '00000000-0000-0000-0000-000000000000';

const ACCESS_TOKEN_SECONDS = 75 * 60;
const REFRESH_TOKEN_SECONDS = 3 * 60 * 60;

export function createGrants(options: GrantsOptions): Grants {
  const { issuer, secrets, users, findAccount, loginServer, loginsEnded } = options;
  function find(username: string, password: string): RegistryAccount | undefined {
    const user = users.find(candidate => candidate.username === username && candidate.password === password);
    return user ?? findAccount(username, password);
  }
  async function issue(kind: string, claims: object, seconds: number): Promise<string> {
    const common = { iss: 'Azure Container Registry', aud: loginServer(), grant_type: kind };
    return secrets.issue(await issuer.sign({ ...common, login: loginsEnded(), ...claims }, seconds));
  }
  async function verify(token: string): Promise<Claims | undefined> {
    const claims = await issuer.verify(token);
    return claims?.login === loginsEnded() ? claims : undefined;
  }
  async function ofRefreshToken(token: string): Promise<Grant | undefined> {
    const claims = await verify(token);
    if (claims?.grant_type !== 'refresh_token') return undefined;
    return grantActions((claims.permissions as { actions: Action[] }).actions);
  }
  async function ofAccessToken(token: string): Promise<Grant | undefined> {
    const claims = await verify(token);
    return claims?.grant_type === 'access_token' ? grantScopes(claims.access as Scope[]) : undefined;
  }

  return {
    ofRefreshToken,
    ofAccessToken,
    async ofPassword(username, password) {
      if (username === TOKEN_USERNAME) {
        return (await ofRefreshToken(password)) ?? (await ofAccessToken(password));
      }
      const account = find(username, password);
      return account && grantOf(account);
    },
    ofAdmin(username, password) {
      const account = find(username, password);
      return account?.kind === 'admin' ? grantOf(account) : undefined;
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

function grantOf({ actions }: RegistryAccount): Grant {
  return typeof actions === 'function' ? actions : grantActions(actions);
}
