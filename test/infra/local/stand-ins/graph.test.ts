import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Application } from '../../../../infra/local/stand-ins/graph/applications.ts';
import { type CredentialCloud, startCredentialCloud } from './credential-cloud.ts';

/** `passwordCredential` of Graph. */
interface Credential {
  keyId: string;
  displayName: string | null;
  hint: string;
  startDateTime: string;
  endDateTime: string;
  secretText: string | null;
}

const DAY_MS = 86_400_000;
let cloud: CredentialCloud;
let appId: string;
let objectId: string;
let application: Application;

beforeAll(async () => {
  cloud = await startCredentialCloud();
  ({ appId, applicationObjectId: objectId } = cloud.servicePrincipal);
});
afterAll(() => cloud.close());
beforeEach(() => {
  const { graph } = cloud.standIns;
  graph.behaviour.propagationMs = 15_000;
  delete graph.behaviour.longestLifetimeMs;
  application = graph.application(objectId) as Application;
  for (const { keyId } of application.secrets()) application.remove(keyId);
});

async function ask(
  path: string,
  {
    body,
    audience = 'https://graph.microsoft.com',
    token = '',
  }: { body?: object; audience?: string; token?: string } = {},
): Promise<Response> {
  const { graph, entra } = cloud.standIns;
  const client = cloud.appSettings.AZURE_CLIENT_ID ?? '';
  const authorization = `Bearer ${token || (await entra.tokenFor(client, audience))}`;
  return fetch(`${graph.url}/v1.0/applications${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function addPassword(passwordCredential: object = {}): Promise<Credential & { secretText: string }> {
  const answer = await ask(`/${objectId}/addPassword`, { body: { passwordCredential } });
  return (await answer.json()) as Credential & { secretText: string };
}

async function listed(): Promise<Credential[]> {
  const answer = await ask(`/${objectId}?$select=passwordCredentials`);
  return ((await answer.json()) as { passwordCredentials: Credential[] }).passwordCredentials;
}

const inDays = (days: number) => new Date(cloud.clock.now().getTime() + days * DAY_MS).toISOString();

describe('addPassword', () => {
  test('gives a secret for two years, by default, and shows it this once', async () => {
    const { secretText, ...added } = await addPassword({ displayName: 'coder-acr-bridge contoso' });
    const [start, end] = [new Date(added.startDateTime), new Date(added.endDateTime)];

    expect(end.getUTCFullYear() - start.getUTCFullYear()).toBe(2);
    expect(added).toMatchObject({ displayName: 'coder-acr-bridge contoso', hint: secretText.slice(0, 3) });
    expect(cloud.secrets.all()).toContain(secretText);
    expect(await listed()).toEqual([
      expect.objectContaining({ keyId: added.keyId, displayName: added.displayName, secretText: null }),
    ]);
  });

  test.each([
    ['the object id', () => `/${objectId}`],
    ['the client id', () => `(appId='${appId}')`],
    ['the client id, percent-encoded', () => `(appId=%27${appId}%27)`],
  ])('takes the application by %s', async (_, path) => {
    const body = { passwordCredential: { endDateTime: inDays(90) } };
    const answer = await ask(`${path()}/addPassword`, { body });

    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ endDateTime: body.passwordCredential.endDateTime });
  });

  test('refuses a lifetime beyond what the policy of the tenant allows, by default too', async () => {
    cloud.standIns.graph.behaviour.longestLifetimeMs = 90 * DAY_MS;
    const status = async (passwordCredential: object) =>
      (await ask(`/${objectId}/addPassword`, { body: { passwordCredential } })).status;
    const startDateTime = inDays(0);

    expect(await status({ startDateTime, endDateTime: inDays(91) })).toBe(400);
    expect(await addPassword()).toMatchObject({ error: { code: 'CredentialInvalidLifetimeAsPerAppPolicy' } });
    expect(await status({ startDateTime, endDateTime: inDays(89) })).toBe(200);
    expect(await listed()).toHaveLength(1);
  });

  test('refuses a third secret when personal accounts may use the application', async () => {
    for (let count = 0; count < 3; count += 1) application.add({});
    expect(await addPassword()).toHaveProperty('secretText');
    application.registration.signInAudience = 'AzureADandPersonalMicrosoftAccount';
    for (const { keyId } of application.secrets().slice(2)) application.remove(keyId);

    expect(await addPassword()).toMatchObject({ error: { code: 'TooManyAppPasswords' } });
    application.remove(application.secrets()[0]?.keyId ?? '');
    expect(await addPassword()).toHaveProperty('secretText');
    application.registration.signInAudience = 'AzureADMyOrg';
  });

  test.each([
    ['an end in the past', () => ({ passwordCredential: { endDateTime: inDays(-1) } })],
    ['a time that is none', () => ({ passwordCredential: { endDateTime: 'tomorrow' } })],
  ])('refuses %s', async (_, body) => {
    expect((await ask(`/${objectId}/addPassword`, { body: body() })).status).toBe(400);
  });
});

test('removePassword removes one secret, and no other twice', async () => {
  const [first, second] = [await addPassword(), await addPassword()];
  const remove = async () =>
    (await ask(`/${objectId}/removePassword`, { body: { keyId: first.keyId } })).status;

  expect(await remove()).toBe(204);
  expect((await listed()).map(({ keyId }) => keyId)).toEqual([second.keyId]);
  expect(await remove()).toBe(400);
});

describe('a caller', () => {
  test('who does not own the application is refused', async () => {
    const { owners } = application.registration;
    const owner = owners.pop() as string;
    for (const answer of [
      await ask(`/${objectId}/addPassword`, { body: {} }),
      await ask(`/${objectId}?$select=passwordCredentials`),
    ]) {
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ error: { code: 'Authorization_RequestDenied' } });
    }
    owners.push(owner);
  });

  test.each([
    ['has a token for another service', { audience: 'https://management.azure.com' }],
    ['has a token that Entra did not issue', { token: 'made.up.token' }],
  ])('%s is not authenticated', async (_, how) => {
    const answer = await ask(`/${objectId}`, how);

    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } });
  });

  test('who uses the client id as object id finds nothing', async () => {
    for (const path of [`/${appId}`, `(appId='${objectId}')`]) {
      const answer = await ask(path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 'Request_ResourceNotFound' } });
    }
  });
});

describe('at the registry a secret', () => {
  const status = async (secret: string) => (await cloud.login(appId, secret)).status;

  test('is refused and accepted in turn while it propagates, and then always accepted', async () => {
    const { secretText } = await addPassword();
    const answers: number[] = [];
    for (let count = 0; count < 4; count += 1) answers.push(await status(secretText));

    expect(answers).toEqual([401, 200, 401, 200]);
    cloud.clock.advance(16_000);
    for (let count = 0; count < 3; count += 1) expect(await status(secretText)).toBe(200);
  });

  test('gives what the service principal may do, also as Basic on /v2', async () => {
    cloud.standIns.graph.behaviour.propagationMs = 0;
    const { secretText } = await addPassword();
    const asked = 'repository:team/app:pull,push';

    expect((await cloud.basic(appId, secretText)).status).toBe(200);
    expect((await cloud.login(appId, secretText, asked)).access).toEqual([
      { type: 'repository', name: 'team/app', actions: ['pull'] },
    ]);
    const { actions } = cloud.servicePrincipal;
    cloud.servicePrincipal.actions = [];
    expect((await cloud.login(appId, secretText, asked)).access).toEqual([]);
    cloud.servicePrincipal.actions = actions;
  });

  test.each([
    [
      'expired',
      ({ endDateTime }: Credential) =>
        cloud.clock.advance(Date.parse(endDateTime) - cloud.clock.now().getTime()),
    ],
    ['was removed by a person', ({ keyId }: Credential) => void application.remove(keyId)],
  ])('is refused once it %s', async (_, end) => {
    cloud.standIns.graph.behaviour.propagationMs = 0;
    const added = await addPassword({ endDateTime: inDays(0.01) });

    expect(await status(added.secretText)).toBe(200);
    end(added);
    expect(await status(added.secretText)).toBe(401);
    const refused = await cloud.basic(appId, added.secretText);
    expect(refused.headers.get('www-authenticate')).toBe('Basic realm="Azure Container Registry"');
  });
});
