import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Fault } from '../../../infra/local/faults.ts';
import { image } from '../../../infra/local/oci-image.ts';
import { type StandIn, startStandIn } from '../../../infra/local/stand-in.ts';
import { createArmList } from '../../../shared/azure/arm/list.ts';
import { parseRegistryId, type RegistryResourceId } from '../../../shared/azure/arm/resource-id.ts';
import { createVault } from '../../../shared/azure/key-vault/vault.ts';
import { classifyManifest } from '../../../shared/images/manifest.ts';
import type { Services } from '../../../shared/services.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

// Wherever a service sends the bridge, no token and no secret goes along.

let bridge: Bridge;
let stranger: StandIn;
let received: { headers: string; body: string }[] = [];
let id: RegistryResourceId;
let config: string;

const signal = () => AbortSignal.timeout(20_000);
const login = { username: 'coder-pull', password: 'a password that goes nowhere else' };

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put();
  await bridge.push('team/app:v1', image());
  const found = await bridge.services.acr.getManifest(source(), 'v1');
  const manifest = classifyManifest(found?.manifest);
  config = manifest.kind === 'image' ? manifest.configDigest : '';
  id = parseRegistryId(bridge.cloud.registry.resourceId) as RegistryResourceId;
  // It asks for a token as the service would, and takes whatever it is sent.
  const challenge = `Bearer realm="https://stranger.example/oauth2/token",service="stranger",scope="registry:catalog:*",authorization="https://login.microsoftonline.com/t",resource="https://vault.azure.net"`;
  stranger = await startStandIn({
    ...{ secrets: bridge.cloud.secrets, tls: bridge.tls },
    routes: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(method => ({
      method,
      path: /.*/,
      handle({ headers, body }) {
        received.push({ headers: JSON.stringify(headers), body: body.toString() });
        return { status: 401, headers: { 'www-authenticate': challenge } };
      },
    })),
  });
});
afterEach(() => {
  bridge.clearFaults();
  received = [];
});
afterAll(() => Promise.all([bridge.close(), stranger.close()]));

type Service = 'entra' | 'arm' | 'graph' | 'keyVault' | 'tables' | 'registry' | 'coder' | 'topic';
/** What a service answers in place of the real answer, given the address of the stranger. */
type Answer = (elsewhere: string) => Fault;

const redirects: Record<string, Answer> = Object.fromEntries(
  [302, 307, 308].map(status => [
    `a redirect (${status})`,
    elsewhere => ({ status, headers: { location: `${elsewhere}/moved` } }),
  ]),
);
const nextLink: Answer = elsewhere => ({ status: 200, body: { value: [], nextLink: `${elsewhere}/next` } });
const operation =
  (header: string): Answer =>
  elsewhere => ({ status: 202, headers: { [header]: `${elsewhere}/operation` }, body: {} });
const link: Answer = elsewhere => ({
  status: 200,
  headers: { link: `<${elsewhere}/next>; rel="next"` },
  body: { repositories: ['a'] },
});

/** A call with a token or a secret, and the request of it that leads elsewhere. */
interface Call {
  to: Service;
  at?: Pick<Fault, 'method' | 'path'>;
  make(app: Services): unknown;
  /** Where it was made before already, so that the client has its token. */
  again?: boolean;
  answers?: Record<string, Answer>;
  /** Such reading goes on elsewhere, without a token. */
  leaves?: boolean;
}

const nextPage = { 'a next page': nextLink };
const CALLS: Record<string, Call> = {
  'token of the identity': {
    to: 'entra',
    // One that MSAL has not kept for the whole process.
    make: app => app.credential.getToken(`https://${randomUUID()}/.default`),
  },
  exchange: {
    to: 'registry',
    at: { path: '/exchange$' },
    make: app => app.exchange(loginServer(), signal()),
  },
  'test of a password': {
    to: 'registry',
    at: { path: '/token$' },
    make: app => app.acceptsLogin(loginServer(), login, signal()),
  },
  'test pull': {
    to: 'registry',
    at: { path: '/token$' },
    make: app => app.provePull(target(), login, signal()),
  },
  "exchange for the SDK's calls": { to: 'registry', at: { path: '/exchange$' }, make: manifest },
  "token for the SDK's calls": { to: 'registry', at: { path: '/token$' }, make: manifest },
  manifest: { to: 'registry', at: { path: '/manifests/' }, make: manifest, again: true, leaves: true },
  blob: {
    to: 'registry',
    at: { path: '/blobs/' },
    make: app => app.acr.getConfig(source(), config),
    again: true,
    leaves: true,
  },
  'list of repositories': {
    to: 'registry',
    at: { path: '_catalog' },
    make: repositories,
    again: true,
    leaves: true,
    answers: { 'a next page': link },
  },
  'description of a registry': { to: 'arm', make: app => app.arm.describeRegistry(id, signal()) },
  'list of registries': { to: 'arm', at: { path: '/registries$' }, make: search, answers: nextPage },
  'list of subscriptions': { to: 'arm', at: { path: '/subscriptions$' }, make: search, answers: nextPage },
  'list of event subscriptions': {
    to: 'arm',
    at: { path: '/eventSubscriptions$' },
    make: app => app.eventSubscriptions.find(bridge.cloud.registry.resourceId, signal()),
    answers: nextPage,
  },
  'new password of a token': {
    to: 'arm',
    at: { path: '/generateCredentials$' },
    make: app => app.armCredentials.generateTokenPassword(id, 'coder', 'password1', later, signal()),
    answers: { 'an operation (Location)': operation('location') },
  },
  'new token': {
    to: 'arm',
    at: { method: 'PUT', path: '/tokens/' },
    make: app => app.armCredentials.createToken(id, 'coder', 'pull', signal()),
    answers: {
      'an operation (Azure-AsyncOperation)': operation('azure-asyncoperation'),
      'an operation (Operation-Location)': operation('operation-location'),
    },
  },
  'new client secret': {
    to: 'graph',
    at: { method: 'POST' },
    make: app => app.graph.addSecret(appId(), { displayName: 'x', expiresOn: later }, signal()),
  },
  secret: {
    to: 'keyVault',
    at: { method: 'GET' },
    make: app => app.vault.read('coder-session-token'),
    again: true,
  },
  'new secret': {
    to: 'keyVault',
    at: { method: 'PUT' },
    make: app => app.vault.write('new', login.password),
    again: true,
  },
  'list of secrets': {
    to: 'keyVault',
    at: { path: '^/secrets/?$' },
    make: app => app.vault.list({ registry: 'contoso' }),
    again: true,
    answers: nextPage,
  },
  row: { to: 'tables', make: app => app.registries.get('contoso') },
  'change of a row': { to: 'tables', at: { method: 'PUT' }, make: app => app.proveTables() },
  event: {
    to: 'topic',
    make: app =>
      app.publish('Image.Imported', 'x', { registry: 'x', repository: 'x', tag: 'x', reason: 'x' }),
  },
  import: { to: 'coder', make: services => bridge.pushed('team/app:v1', { services }) },
};

const later = new Date(4e12);
const loginServer = () => bridge.cloud.standIns.registry.loginServer;
const target = () => ({ loginServer: loginServer(), repository: 'team/app' });
const source = () => ({ ...target(), signal: signal() });
const appId = () => bridge.cloud.servicePrincipal.appId;
async function manifest({ acr }: Services) {
  await acr.getManifest(source(), 'v1');
}
async function repositories({ acr }: Services) {
  for await (const _ of acr.listRepositories(loginServer(), signal()));
}
async function search({ arm }: Services) {
  await arm.findRegistryId('unknown.azurecr.io', signal());
}

describe.each(Object.entries(CALLS))('%s', (_, { to, at = {}, make, again, answers, leaves }) => {
  test.each(Object.entries({ ...redirects, ...answers }))('keeps its secrets at %s', async (_, answer) => {
    const app = bridge.anotherInstance();
    if (again) await make(app);
    const standIn = bridge.cloud.standIns[to];
    standIn.requests.clear();
    standIn.faults.add({ ...at, ...answer(stranger.url) });

    await Promise.resolve(make(app)).catch(() => undefined);

    const wanted = new RegExp(at.path ?? '');
    const asked = standIn.requests.all().filter(({ path }) => wanted.test(path.split('?')[0] ?? ''));
    expect(asked.length, 'the call was made').toBeGreaterThan(0);
    if (!leaves) return expect(received).toEqual([]);
    const secrets = [...bridge.cloud.secrets.all(), login.password];
    const texts = received.map(({ headers, body }) => headers + decodeURIComponent(body));
    expect(texts.filter(text => secrets.some(secret => text.includes(secret)))).toEqual([]);
    expect(texts.filter(text => /authorization|-token|Basic/i.test(text))).toEqual([]);
  });
});

test('a list of Azure Resource Manager is read page by page, and its end is no lack of a page elsewhere', async () => {
  const { arm } = bridge.cloud.standIns;
  const list = createArmList(bridge.services.credential, arm.url, 'https://management.azure.com');
  const names = async () => {
    const all: string[] = [];
    const Item = z.object({ name: z.string() });
    for await (const { name } of list(Item, '/pages', '2022-12-01', signal())) all.push(name);
    return all;
  };
  const page = (name: string, nextLink?: string) => ({
    status: 200,
    body: { value: [{ name }], nextLink },
    times: 1,
  });

  arm.faults.add({ path: '/pages', ...page('first', `${arm.url}/pages?$skiptoken=2`) });
  arm.faults.add({ path: '/pages', ...page('last') });
  expect(await names()).toEqual(['first', 'last']);

  arm.faults.add({ path: '/pages', ...page('first', `${stranger.url}/pages`) });
  await expect(names()).rejects.toThrow(`leads to ${stranger.url}`);
  expect(received).toEqual([]);
});

test.each(['https://management.azure.com', 'https://graph.microsoft.com', 'https://evilvault.azure.net'])(
  'a vault that asks for a token for %s gets none',
  async audience => {
    const { keyVault } = bridge.cloud.standIns;
    keyVault.requests.clear();
    const challenge = `Bearer authorization="https://login.microsoftonline.com/t", resource="${audience}"`;
    keyVault.faults.add({ status: 401, body: {}, headers: { 'www-authenticate': challenge } });
    const vault = createVault(keyVault.url, bridge.services.credential, {
      verifyChallenge: false,
      wait: async () => {},
    });

    await expect(vault.read('coder-session-token')).rejects.toThrow('which is not for vaults');

    expect(keyVault.requests.all().filter(({ authorization }) => authorization)).toEqual([]);
  },
);
