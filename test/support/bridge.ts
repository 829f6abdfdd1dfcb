import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Cloud, type CloudOptions, startCloud } from '../../infra/local/cloud.ts';
import type { OciManifest } from '../../infra/local/oci-image.ts';
import { pushImage } from '../../infra/local/push-image.ts';
import { ensureTls, type Tls } from '../../infra/local/tls.ts';
import { handleEvent } from '../../shared/images/receive.ts';
import type { Log } from '../../shared/lib/log.ts';
import type { Reference } from '../../shared/policy/reference.ts';
import type { ImageRecord } from '../../shared/records/image.ts';
import { RegistryInput, type StoredRegistry } from '../../shared/records/registry.ts';
import { putRegistry } from '../../shared/registries/put.ts';
import { createServices, type Services } from '../../shared/services.ts';
import { readSettings } from '../../shared/settings.ts';
import { sharedTenant } from './tenant.ts';

/** The app's own services, in this process, in a cloud of their own. */
export interface Bridge {
  cloud: Cloud;
  services: Services;
  tls: Tls;
  /** Entries of the app's log, as text. */
  logged: string[];
  log: Log;
  /** Another instance of the app in the same cloud: nothing in memory is shared. */
  anotherInstance(settings?: Record<string, string>): Services;
  /** Adds or changes the sample registry. */
  put(input?: object, name?: string): Promise<StoredRegistry>;
  /** Pushes to the sample registry, without telling the bridge. */
  push(reference: string, manifest: OciManifest): Promise<string>;
  /** Removes a tag from its manifest in the sample registry, which gives no event. */
  untag(reference: string): Promise<void>;
  /** Deletes a manifest in the sample registry with the tags that point to it, without telling the bridge. */
  deleteManifest(repository: string, digest: string): Promise<void>;
  /** Calls Coder as a person who is signed in there, or steers it. */
  askCoder(method: string, path: string, body?: object): Promise<void>;
  /** Delivers the event of a push. */
  pushed(reference: string, options?: { at?: Date; digest?: string; services?: Services }): Promise<void>;
  /** The replica of the sample registry that is read shows from now on what there is now, or all again. */
  lag(lags: boolean): Promise<void>;
  record(reference: string): Promise<ImageRecord | undefined>;
  /** Every image of that repository in Coder, each with its tags and their digests. */
  inCoder(repository: string): Record<string, string>[];
  /** How often Coder was asked this. */
  askedOfCoder(method: string, path: RegExp): number;
  clearFaults(): void;
  close(): Promise<void>;
}

export const testTls = () => ensureTls(join(import.meta.dirname, '..', '..', '.local', 'tls'));

export async function startBridge(options: Omit<CloudOptions, 'tls'> = {}): Promise<Bridge> {
  const tls = await testTls();
  const cloud = await startCloud({ tls, tenant: await sharedTenant(), ...options });
  Object.assign(process.env, cloud.appSettings);
  const { now } = cloud.clock;
  // Who waits moves the clock.
  const wait = async (ms: number) => cloud.clock.advance(Math.max(0, ms));
  const seams = { now, random: Math.random, wait };
  const anotherInstance = (more: Record<string, string> = {}) =>
    createServices(readSettings({ ...cloud.appSettings, ...more }), seams);
  const services = anotherInstance();
  const logged: string[] = [];
  const write = (text: string, fields: object) => void logged.push(`${text} ${JSON.stringify(fields)}`);
  const log = { info: write, warn: write, error: write };
  const { username, password } = cloud.registry.puller;
  const name = cloud.registry.name;

  return {
    ...{ cloud, services, tls, logged, log, anotherInstance },
    async put(input = {}, as = name) {
      const declared = {
        resourceId: cloud.registry.resourceId,
        credential: { kind: 'static', username, password },
        ...input,
      };
      const signal = AbortSignal.timeout(60_000);
      return (await putRegistry(services, as, RegistryInput.parse(declared), {}, signal, log)).registry;
    },
    push(reference, manifest) {
      const { repository, tag } = split(reference);
      const { pusher } = cloud.registry;
      const target = { registryUrl: cloud.standIns.registry.url, ...pusher, ca: tls.ca };
      return pushImage(target, repository, manifest, tag);
    },
    async untag(reference) {
      const { repository, tag } = split(reference);
      const path = `/acr/v1/${encodeURIComponent(repository)}/_tags/${tag}`;
      await call(cloud.standIns.registry.url + path, 'DELETE', asPusher(cloud));
    },
    async deleteManifest(repository, digest) {
      const url = `${cloud.standIns.registry.url}/v2/${repository}/manifests/${digest}`;
      await call(url, 'DELETE', asPusher(cloud));
    },
    askCoder: (method, path, body) =>
      call(cloud.standIns.coder.url + path, method, { 'session-token': cloud.coder.token }, body),
    pushed: (reference, { at = cloud.clock.now(), digest, services: instance = services } = {}) =>
      handleEvent(instance, pushEvent(cloud.registry.resourceId, reference, at, digest), log),
    lag: lags => call(`${cloud.standIns.registry.url}/_stand-in/lag`, lags ? 'POST' : 'DELETE', {}),
    record: reference => services.images.get(name, split(reference)),
    inCoder: repository =>
      cloud.standIns.coder
        .state()
        .images.filter(known => known.repository === repository)
        .map(({ tags }) => Object.fromEntries(tags.map(({ tag, latest_hash }) => [tag, latest_hash]))),
    askedOfCoder: (method, path) =>
      cloud.standIns.coder.requests
        .all()
        .filter(request => request.method === method && path.test(request.path)).length,
    clearFaults() {
      const others = cloud.otherRegistries.map(({ standIn }) => standIn);
      for (const standIn of [...Object.values(cloud.standIns), ...others]) standIn.faults.clear();
    },
    close: () => cloud.close(),
  };
}

export function asPusher({ registry: { pusher } }: Cloud): Record<string, string> {
  return {
    authorization: `Basic ${Buffer.from(`${pusher.username}:${pusher.password}`).toString('base64')}`,
  };
}

/** @throws when it is refused */
export async function call(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: object,
): Promise<void> {
  const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}

/** The event that ACR raises when a tag was pushed. */
export function pushEvent(topic: string, reference: string, at: Date, digest?: string) {
  const { repository, tag } = split(reference);
  return event(topic, 'ImagePushed', at, {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    repository,
    tag,
    ...(digest && { digest }),
  });
}

/** The event that ACR raises when a manifest was deleted. */
export function deleteEvent(topic: string, repository: string, digest: string | undefined, at: Date) {
  return event(topic, 'ImageDeleted', at, { repository, ...(digest && { digest }) });
}

function event(topic: string, type: string, at: Date, target: object) {
  return {
    id: randomUUID(),
    topic,
    subject: 'never parsed',
    eventType: `Microsoft.ContainerRegistry.${type}`,
    eventTime: at.toISOString(),
    data: { id: randomUUID(), timestamp: at.toISOString(), action: type, target },
    dataVersion: '2.0',
    metadataVersion: '1',
  };
}

export function split(reference: string): Reference {
  const [repository, tag] = reference.split(':') as [string, string];
  return { repository, tag };
}
