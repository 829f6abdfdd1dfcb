import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { artifact, buildCache, image, type OciManifest } from '../infra/local/oci-image.ts';
import type { RegistryEvent } from '../infra/local/stand-ins/registry/registry.ts';
import type { ImageReason, Reason, V2ImageReason } from '../shared/reasons.ts';
import { imageKey } from '../shared/records/keys.ts';
import { type App, type ShownRecord, startApp, until } from './support/app.ts';
import { asPusher, call, pushEvent, split } from './support/bridge.ts';
import { marked } from './support/docs.ts';

// Makes each row of the docs' table of reasons happen, and expects the API to say the same.

const TABLE = marked('docs/why-is-my-image-missing.md', 'reasons');

const POLICY = {
  rules: [
    { repository: 'scratch/**', action: 'exclude' },
    { repository: 'frozen/**', suspended: true },
    { repository: 'multi/**', platforms: ['linux/amd64', 'linux/arm64'] },
    { repository: 'tidy/**', onDelete: 'remove' },
    { repository: 'team/**' },
  ],
};

let app: App;
let cloud: App['environment']['cloud'];
let coder: typeof cloud.standIns.coder;
let registry: typeof cloud.standIns.registry;
let keyVault: typeof cloud.standIns.keyVault;
let pullPassword: string;

beforeAll(async () => {
  app = await startApp({ registries: ['fabrikam', 'northwind', 'adatum'] });
  ({ cloud } = app.environment);
  ({ coder, registry, keyVault } = cloud.standIns);
  pullPassword = cloud.registry.puller.password;
  await add('contoso');
});
afterEach(() => {
  app.clearFaults();
  cloud.registry.puller.password = pullPassword;
});
afterAll(() => app.close());

function registryNamed(name: string) {
  const known = [{ ...cloud.registry, standIn: registry }, ...cloud.otherRegistries];
  return known.find(candidate => candidate.name === name) as (typeof known)[number];
}

async function add(name: string): Promise<void> {
  const { username, password } = cloud.registry.puller;
  const credential = { kind: 'static', username, password };
  const { resourceId } = registryNamed(name);
  const answer = await app.api('PUT', `registries/${name}`, { resourceId, credential, policy: POLICY });
  expect(answer.status, answer.text).toBe(201);
}

/** Takes `registry/repository:tag` apart. */
function parse(path: string) {
  const [name = '', ...rest] = path.split('/');
  const reference = rest.join('/');
  return { ...registryNamed(name), reference, repository: split(reference).repository };
}

/** Does what raises an event about a repository, waits until the bridge has acknowledged that, and gives it. */
async function raised(repository: string, act: () => unknown): Promise<RegistryEvent> {
  const deliveries = () =>
    cloud.standIns.eventGrid
      .deliveries()
      .filter(({ event }) => (event.data as RegistryEvent['data']).target.repository === repository);
  const { length } = deliveries();
  await act();
  const delivery = await until(() =>
    deliveries()
      .slice(length)
      .find(({ lastStatus }) => lastStatus),
  );
  expect(delivery).toMatchObject({ attempts: 1, lastStatus: 202 });
  return delivery.event as RegistryEvent;
}

function push(path: string, manifest: OciManifest): Promise<string> {
  const { reference, standIn } = parse(path);
  return app.push(reference, manifest, standIn);
}

async function pushed(path: string, manifest = image()): Promise<string> {
  await raised(parse(path).repository, () => push(path, manifest));
  return path;
}

/** Deletes the manifest that a tag points to. */
async function deleted(path: string, { digest }: OciManifest): Promise<string> {
  const { repository, standIn } = parse(path);
  const url = `${standIn.url}/v2/${repository}/manifests/${digest}`;
  await raised(repository, () => call(url, 'DELETE', asPusher(cloud)));
  return path;
}

/** Has Event Grid deliver what ACR says of a push, or what `more` makes of it. */
function published(path: string, at: Date, more: object = {}): Promise<RegistryEvent> {
  const { resourceId, reference, repository } = parse(path);
  const event = { ...pushEvent(resourceId, reference, at), ...more };
  return raised(repository, () => cloud.standIns.eventGrid.publish(event));
}

async function ask(path: string): Promise<ShownRecord> {
  const { status, text } = await app.api('GET', `images/${path}`);
  expect(status, text).toBe(200);
  return JSON.parse(text);
}

/** Makes the bridge know of a push that it has waited for long enough. */
async function waitedFor(name: string, reference: string): Promise<void> {
  const { repository, tag } = split(reference);
  const soon = new Date(Date.now() + 60_000);
  const awaited = JSON.stringify({ until: new Date() });
  const known = { state: 'pending', reason: 'waiting-for-registry', message: '…', attempts: 0 };
  const times = { pushedOn: soon, heardBy: 'event', updatedOn: new Date() };
  const key = { partitionKey: name, rowKey: imageKey({ repository, tag }), kind: 'image' };
  const row = { ...key, repository, tag, ...known, ...times, awaited };
  await cloud.standIns.tables.insert('images', [row]);
}

function idInCoder(repository: string): string | undefined {
  return coder.state().images.find(known => known.repository === repository)?.id;
}

/** The app's log entry that names an event. */
async function logged(eventId: string): Promise<object> {
  const line = await until(() => app.logs.find(candidate => candidate.includes(eventId)));
  return JSON.parse(line.slice(line.indexOf('{')));
}

function rowOf(reason: Reason) {
  const cells = new RegExp(`^\\| \`${reason}\` \\| (\\w+) \\| (.*) \\| (.*) \\|$`, 'm').exec(TABLE);
  const [, state, meaning, remedy] = cells ?? [];
  return { reason, state, meaning, ...(remedy && { remedy }) };
}

const OTHER = image({ content: 'other' });
const CHART = artifact({ configMediaType: 'application/vnd.cncf.helm.config.v1+json' });

/** Each makes its reason happen to an image in Coder Classic, and gives that image's path. */
const OUTCOMES: Record<Exclude<ImageReason, V2ImageReason>, () => Promise<string>> = {
  'image-created': () => pushed('contoso/team/new:v1'),
  'tag-added': async () => {
    await pushed('contoso/team/grown:v1');
    return pushed('contoso/team/grown:v2');
  },
  'tag-refreshed': async () => {
    await pushed('contoso/team/moved:v1');
    return pushed('contoso/team/moved:v1', OTHER);
  },
  'already-in-coder': async () => {
    await pushed('contoso/team/back:v1');
    coder.faults.add({ status: 500 });
    await pushed('contoso/team/back:v1', OTHER);
    coder.faults.clear();
    return pushed('contoso/team/back:v1');
  },

  'no-rule': () => pushed('contoso/elsewhere/app:v1'),
  excluded: () => pushed('contoso/scratch/app:v1'),
  'not-an-image': () => pushed('contoso/team/chart:v1', CHART),
  'build-cache': () => pushed('contoso/team/cache:v1', buildCache()),
  'not-runnable': () =>
    pushed('contoso/team/model:v1', image({ layerMediaType: 'application/vnd.ollama.image.model' })),
  'no-runnable-platform': () => pushed('contoso/team/windows:v1', image({ platform: 'windows/amd64' })),
  suspended: () => pushed('contoso/frozen/app:v1'),

  'credential-not-ready': async () => {
    cloud.standIns.graph.faults.add({ method: 'POST', status: 503 });
    const credential = { kind: 'service-principal', appId: cloud.servicePrincipal.appId };
    const { resourceId } = registryNamed('adatum');
    expect((await app.api('PUT', 'registries/adatum', { resourceId, credential })).status).toBe(201);
    return pushed('adatum/team/app:v1');
  },
  importing: async () => {
    const path = await pushed('contoso/team/halfway:v1');
    coder.faults.add({ method: 'GET', path: `/images/${idInCoder('team/halfway')}$`, delayMs: 5_000 });
    await push(path, OTHER);
    await until(async () => (await ask(path)).state !== 'imported');
    return path;
  },
  replayed: async () => {
    coder.faults.add({ method: 'POST', status: 400 });
    const path = await pushed('contoso/team/parked:v1');
    await app.api('POST', 'images/replay', { registry: 'contoso', reason: 'coder-rejected' });
    return path;
  },
  'waiting-for-registry': () => {
    registry.faults.add({ method: 'GET', path: '/team/unseen/(manifests|_tags)/', status: 404 });
    return pushed('contoso/team/unseen:v1');
  },
  'waiting-for-platforms': () => pushed('contoso/multi/early:v1'),
  'image-locked': () => {
    const body = {
      errors: [{ code: 'REGISTRY_DISALLOWED_OPERATION', message: 'The operation is disallowed.' }],
    };
    registry.faults.add({ method: 'GET', path: '/team/closed/manifests/', status: 405, body });
    return pushed('contoso/team/closed:v1');
  },
  'upstream-throttled': () => {
    const message = "too many requests to source registry for cache rule 'docker-hub'";
    const body = { errors: [{ code: 'TOOMANYREQUESTS', message }] };
    registry.faults.add({ method: 'GET', path: '/team/cached/manifests/', status: 429, body });
    return pushed('contoso/team/cached:v1');
  },
  'manifest-unreadable': () => {
    registry.faults.add({ method: 'GET', path: '/team/odd-manifest/manifests/', status: 400 });
    return pushed('contoso/team/odd-manifest:v1');
  },
  'manifest-too-large': () => {
    registry.faults.add({ method: 'GET', path: '/team/large/manifests/', status: 413 });
    return pushed('contoso/team/large:v1');
  },
  'config-missing': () => {
    registry.faults.add({ method: 'GET', path: '/team/no-config/blobs/', status: 404 });
    return pushed('contoso/team/no-config:v1');
  },
  'config-unreadable': () => pushed('contoso/team/odd-config:v1', image({ configText: '' })),
  'registry-unavailable': () => {
    registry.faults.add({ method: 'GET', path: '/team/unread/manifests/', status: 503 });
    return pushed('contoso/team/unread:v1');
  },
  'registry-unauthorized': () => {
    registry.faults.add({ method: 'POST', path: '^/oauth2/', status: 401 });
    return pushed('contoso/team/forbidden:v1');
  },
  'network-denied': () => {
    const message = "client with IP '20.50.1.2' is not allowed access.";
    const body = { errors: [{ code: 'DENIED', message }] };
    registry.faults.add({ method: 'GET', path: '/team/fenced/manifests/', status: 403, body });
    return pushed('contoso/team/fenced:v1');
  },
  'token-refused': async () => {
    const said = { error: 'invalid_client', error_description: 'AADSTS7000112: Application is disabled.' };
    // The new process gets a token for the tables, and none for the registry.
    await app.environment.host.crash();
    await app.api('GET', 'images');
    cloud.standIns.entra.faults.add({ path: '^/msi/', status: 400, body: said });
    return pushed('contoso/team/tokenless:v1');
  },
  'secrets-forbidden': () => {
    // The session token that the bridge has is refused, so it asks for a new one.
    coder.faults.add({ status: 401 });
    keyVault.faults.add({ status: 403, body: { error: { code: 'Forbidden', message: 'Not authorized.' } } });
    return pushed('contoso/team/secret:v1');
  },
  'secrets-unavailable': () => {
    coder.faults.add({ status: 401 });
    keyVault.faults.add({ status: 503 });
    return pushed('contoso/team/sealed:v1');
  },
  'coder-unavailable': () => {
    coder.faults.add({ method: 'POST', status: 503 });
    return pushed('contoso/team/unanswered:v1');
  },
  'coder-cannot-pull': () => {
    registry.faults.add({ method: 'HEAD', path: '/team/unreachable/manifests/', status: 504 });
    return pushed('contoso/team/unreachable:v1');
  },
  'coder-busy': () => {
    // No longer than that, since every import would wait with this one.
    const headers = { 'retry-after': '0' };
    coder.faults.add({ method: 'POST', status: 429, headers });
    return pushed('contoso/team/throttled:v1');
  },

  'platforms-missing': async () => {
    await pushed('fabrikam/multi/late:v1');
    await add('fabrikam');
    // The bridge's first event about the push.
    await published('fabrikam/multi/late:v1', new Date(Date.now() - 2 * 3_600_000));
    return 'fabrikam/multi/late:v1';
  },
  'manifest-missing': async () => {
    registry.faults.add({ method: 'GET', path: '/team/broken/manifests/', status: 404 });
    await waitedFor('contoso', 'team/broken:v1');
    return pushed('contoso/team/broken:v1');
  },
  'coder-rejected': () => {
    coder.faults.add({ method: 'POST', status: 400, body: { error: { msg: 'too many images' } } });
    return pushed('contoso/team/refused:v1');
  },
  'coder-unauthorized': () => {
    coder.faults.add({ status: 401 });
    return pushed('contoso/team/stranger:v1');
  },
  'credential-refused': () => {
    cloud.registry.puller.password = cloud.secrets.random();
    return pushed('contoso/team/locked:v1');
  },
  'internal-error': () => {
    // Half of a character, which JSON can hold and no URL.
    const odd = { id: '\ud800', organization_id: 'any', repository: 'team/odd' };
    const body = [{ ...odd, registry: { id: 'any', registry: registry.loginServer } }];
    coder.faults.add({ method: 'GET', path: '/images$', body });
    return pushed('contoso/team/odd:v1');
  },

  'tag-in-use': async () => {
    await pushed('contoso/tidy/used:v1');
    const path = await pushed('contoso/tidy/used:v2', OTHER);
    const workspaces = { image_id: idInCoder('tidy/used'), tag: 'v2', names: ['anna'] };
    await call(`${coder.url}/_stand-in/workspaces`, 'POST', {}, workspaces);
    return deleted(path, OTHER);
  },
  gone: async () => deleted(await pushed('contoso/team/gone:v1'), image()),
  'removed-from-coder': async () => {
    await pushed('contoso/tidy/gone:v1');
    return deleted(await pushed('contoso/tidy/gone:v2', OTHER), OTHER);
  },
};

/** Refusals of Azure's services, whose remedy depends on what the service said. */
const OF_AZURE: ReadonlySet<string> = new Set<ImageReason>([
  ...(['registry-unavailable', 'registry-unauthorized', 'network-denied', 'image-locked'] as const),
  ...(['token-refused', 'secrets-forbidden', 'secrets-unavailable'] as const),
  ...(['upstream-throttled', 'config-missing', 'manifest-too-large', 'manifest-unreadable'] as const),
]);

/** Each raises an event that is ignored for its reason. */
const IGNORED: Record<Exclude<Reason, ImageReason>, () => Promise<RegistryEvent>> = {
  'not-an-acr-event': () =>
    published('contoso/team/blob:v1', new Date(), { eventType: 'Microsoft.Storage.BlobCreated' }),
  'unknown-registry': () => raised('team/foreign', () => push('northwind/team/foreign:v1', image())),
  untagged: () => raised('team/part', () => push('contoso/team/part', image())),
  'helm-chart': () =>
    published('contoso/team/legacy:v1', new Date(), { eventType: 'Microsoft.ContainerRegistry.ChartPushed' }),
};

const reasonsOf = <R extends Reason>(table: Record<R, unknown>) => Object.keys(table) as R[];

describe('the record of an image has the meaning and the remedy of the docs', () => {
  test.each(reasonsOf(OUTCOMES))('%s', async reason => {
    const path = await OUTCOMES[reason]();

    const record = await ask(path);

    const { state, message } = record;
    const meaning = state === 'imported' ? message : record.meaning;
    const row = rowOf(reason);
    // The remedy of such a refusal has a command for this registry in it.
    const remedy = OF_AZURE.has(reason) && record.remedy ? row.remedy : record.remedy;
    expect({ reason: record.reason, state, meaning, remedy }, message).toEqual(row);
    expect(message).toMatch(/\w/);
    if (state === 'pending') expect(record.nextAttemptOn).toEqual(expect.any(String));
  });
});

describe('an event that is ignored is acknowledged and leaves no record, and the log says why', () => {
  test.each(reasonsOf(IGNORED))('%s', async reason => {
    const { id, topic, data } = await IGNORED[reason]();

    expect(rowOf(reason).state).toBe('ignored');
    expect(await logged(id)).toMatchObject({ text: 'event ignored', reason, eventId: id });
    const { repository, tag = 'v1' } = data.target;
    const answer = await app.api('GET', `images/${topic.split('/').at(-1)}/${repository}:${tag}`);
    expect(answer).toMatchObject({ status: 404, contentType: 'application/problem+json' });
    expect(JSON.parse(answer.text)).toMatchObject({ reason: 'not-found' });
    expect((await app.api('GET', 'images?limit=1000')).text).not.toContain(repository);
  });
});
