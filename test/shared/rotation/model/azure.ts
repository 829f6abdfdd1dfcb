import { createSecrets } from '../../../../infra/local/secrets.ts';
import { createRegistryAccounts } from '../../../../infra/local/stand-ins/arm/accounts.ts';
import { AS_USUAL } from '../../../../infra/local/stand-ins/arm/behaviour.ts';
import type { ArmRegistry } from '../../../../infra/local/stand-ins/arm/registry.ts';
import { createApplication } from '../../../../infra/local/stand-ins/graph/applications.ts';
import type { Login } from '../../../../shared/azure/acr/tokens.ts';

export const RESOURCE_ID =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/contoso';
export const HOST = 'contoso.azurecr.io';
export const APP_ID = '11111111-2222-4333-8444-555555555555';
export const TOKEN_USER = '00000000-0000-0000-0000-000000000000';
export const REPOSITORY = 'team/app';

/** How the registry answers, beside being well or away. */
export const MOODS = [
  'well',
  /** 401 to every call. */
  'refuses-everybody',
  /** 401 to every password, as in an incident; it exchanges Entra tokens, but does not take what it gave. */
  'refuses-logins',
  /** 401 to every password except the bridge's own token. */
  'lies',
  /** 403 by network rules, to the bridge only. */
  'denies-the-bridge',
  /** 401 to the bridge only. */
  'refuses-the-bridge',
  /** It lists no repositories: 5xx to that call only. */
  'hides-its-repositories',
  /** 405, 429, 5xx. */
  'away',
] as const;
export type Mood = (typeof MOODS)[number];

const HOUR_MS = 3_600_000;
const REFRESH_TOKEN_MS = 3 * HOUR_MS;

export type AzureModel = ReturnType<typeof createAzureModel>;

/** What all bridges share: one registry with its accounts, an app registration, and time. */
export function createAzureModel() {
  let nowMs = Date.UTC(2026, 0, 1);
  const now = () => new Date(nowMs);
  const secrets = createSecrets();
  const registry: ArmRegistry = { resourceId: RESOURCE_ID, loginServer: HOST, adminUserEnabled: true };
  const accounts = createRegistryAccounts({ registry: () => registry, now, secrets, behaviour: AS_USUAL });
  const application = createApplication(
    { objectId: 'app', appId: APP_ID, displayName: 'app', owners: [] },
    now,
    secrets,
    { propagationMs: 10_000 },
  );
  /** Refresh tokens that the registry gave to bridges, with their ends. */
  const refreshTokens = new Map<string, number>();
  /** What others do at their times, in the middle of a run too. */
  const timers: { dueOn(): number; run(): void }[] = [];
  const world: { mood: Mood; since: number; lied?: { since: number; until: number } } = {
    mood: 'well',
    since: 0,
  };

  function exchange(): string {
    const exp = Math.floor((nowMs + REFRESH_TOKEN_MS) / 1_000);
    const claims = Buffer.from(JSON.stringify({ exp, jti: secrets.random() })).toString('base64url');
    const jwt = `h.${claims}.s`;
    refreshTokens.set(jwt, exp * 1_000);
    return jwt;
  }

  /** Whether the registry knows the password, apart from its mood. Entra may lag behind for some seconds. */
  function knows({ username, password }: Login): boolean {
    if (username === TOKEN_USER) return (refreshTokens.get(password) ?? 0) > nowMs;
    if (username === APP_ID) {
      return application.secrets().some(({ secretText, end }) => secretText === password && end > now());
    }
    return accounts.find(username, password) !== undefined;
  }

  /** Whether the password may pull, apart from the mood. */
  function mayPull({ username, password }: Login): boolean {
    const account =
      username === TOKEN_USER || username === APP_ID ? undefined : accounts.find(username, password);
    if (!account) return knows({ username, password });
    const grant = typeof account.actions === 'function' ? account.actions : undefined;
    if (!grant) return true;
    return grant({ type: 'repository', name: REPOSITORY, actions: ['pull'] }).includes('pull');
  }

  return {
    ...{ now, secrets, registry, accounts, application, world, timers, exchange, knows, mayPull },
    advance(ms: number) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = timers.filter(({ dueOn }) => dueOn() <= endMs).sort((a, b) => a.dueOn() - b.dueOn());
        if (!next) break;
        nowMs = Math.max(nowMs, next.dueOn());
        next.run();
      }
      nowMs = endMs;
    },
    /** As a client would be told that Entra does not yet know of everywhere. */
    accepts(login: Login): boolean {
      return login.username === APP_ID ? application.accepts(login.password) : knows(login);
    },
    /** A switch of the registry's mode ends every token that it gave. */
    endRefreshTokens() {
      refreshTokens.clear();
    },
  };
}
