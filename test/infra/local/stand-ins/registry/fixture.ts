import { join } from 'node:path';
import { createTokenIssuer } from '../../../../../infra/local/jwt.ts';
import type { OciManifest } from '../../../../../infra/local/oci-image.ts';
import { pushImage } from '../../../../../infra/local/push-image.ts';
import { createSecrets } from '../../../../../infra/local/secrets.ts';
import type { FindAccount } from '../../../../../infra/local/stand-ins/registry/grants.ts';
import {
  type RegistryEvent,
  type RegistryStandIn,
  type RegistryUser,
  startRegistry,
} from '../../../../../infra/local/stand-ins/registry/registry.ts';
import { type Action, EVERY_ACTION } from '../../../../../infra/local/stand-ins/registry/scope.ts';
import { ensureTls } from '../../../../../infra/local/tls.ts';

export const RESOURCE_ID =
  '/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/demo';
export const NULL_GUID = '00000000-0000-0000-0000-000000000000';
export const ALL_ACTIONS: Action[] = [...EVERY_ACTION];
export const ADMIN: RegistryUser = {
  username: 'demo',
  password: 'admin-password',
  kind: 'admin',
  actions: ALL_ACTIONS,
};
export const PULL_TOKEN: RegistryUser = {
  username: 'coder-pull',
  password: 'token-password',
  kind: 'token',
  actions: ['pull'],
};

/** A registry with an Entra of its own, a clock that tests set, and the events that it published. */
export async function startTestRegistry({ upstream }: { upstream?: string } = {}) {
  const tls = await ensureTls(join(import.meta.dirname, '../../../../../.local/tls'));
  const clock = { now: new Date('2026-03-01T12:00:00.000Z') };
  const secrets = createSecrets();
  const entra = createTokenIssuer(new Uint8Array(32), () => clock.now);
  const events: RegistryEvent[] = [];
  const users = [ADMIN, PULL_TOKEN];
  /** What Azure manages, for tests to change. */
  const azure: { findAccount: FindAccount; loginsEnded: number } = {
    findAccount: () => undefined,
    loginsEnded: 0,
  };
  const registry = await startRegistry({
    resourceId: RESOURCE_ID,
    secrets,
    now: () => clock.now,
    tls,
    verifyEntraToken: token => entra.verify(token),
    identities: { puller: ['pull', 'metadata_read', 'catalog'], owner: ALL_ACTIONS },
    users,
    findAccount: (username, password) => azure.findAccount(username, password),
    loginsEnded: () => azure.loginsEnded,
    publish: event => void events.push(event),
    ...(upstream ? { upstream } : {}),
  });

  function entraToken(oid: string, aud = 'https://containerregistry.azure.net'): Promise<string> {
    return entra.sign({ oid, aud }, 3_600);
  }
  return {
    registry,
    clock,
    secrets,
    events,
    users,
    azure,
    tls,
    entraToken,
    /** What the Azure SDK takes in place of a managed identity. */
    credential: (oid: string) => ({
      getToken: async () => ({
        token: await entraToken(oid),
        expiresOnTimestamp: Date.now() + 3_600_000,
      }),
    }),
    push: (repository: string, manifest: OciManifest, tag?: string) =>
      pushImage({ registryUrl: registry.url, ...ADMIN, ca: tls.ca }, repository, manifest, tag),
    /** A request with the administrator's Basic credentials, or with others, or `none`. */
    call(path: string, init: RequestInit & { authorization?: string } = {}) {
      const authorization = init.authorization ?? basic(ADMIN.username, ADMIN.password);
      const headers = new Headers(init.headers);
      if (authorization !== 'none') headers.set('authorization', authorization);
      return fetch(`${registry.url}${path}`, { redirect: 'manual', ...init, headers });
    },
  };
}

export type TestRegistry = Awaited<ReturnType<typeof startTestRegistry>>;

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** An access token for the scopes, as `docker login` gets one. */
export async function accessToken(
  { registry, call }: TestRegistry,
  user: Pick<RegistryUser, 'username' | 'password'>,
  ...scopes: string[]
): Promise<string> {
  const answer = await call(`/oauth2/token?${tokenQuery(registry, scopes)}`, {
    authorization: basic(user.username, user.password),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

export function tokenQuery({ loginServer }: RegistryStandIn, scopes: string[]): URLSearchParams {
  const query = new URLSearchParams({ service: loginServer });
  for (const scope of scopes) query.append('scope', scope);
  return query;
}
