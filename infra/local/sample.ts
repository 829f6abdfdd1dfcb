import { setTimeout as delay } from 'node:timers/promises';
import { SAMPLE_TEMPLATE } from './coder-v2-sample.ts';
import type { Environment } from './environment.ts';
import { image } from './oci-image.ts';
import { pushImage } from './push-image.ts';

const REPOSITORY = 'samples/workspace';
const TAG = 'v1';
const PATIENCE_MS = 30_000;

/** The result of importing the sample image. */
export interface SampleImage {
  reference: string;
  digest: string;
  /** Time from the push until Coder has it. */
  tookMs: number;
}

/** What goes to the sample template of Coder v2: one repository, as its variable names one image. */
const RULES = [{ repository: REPOSITORY, templates: [{ template: SAMPLE_TEMPLATE }] }];

/** Adds the sample registry as a person would, over HTTP, with a credential to pull with. */
export async function addSampleRegistry(environment: Environment): Promise<void> {
  const { registry, coder, standIns } = environment.cloud;
  const { username, password } = registry.puller;
  await call(environment, 'PUT', `registries/${registry.name}`, {
    resourceId: registry.resourceId,
    credential: { kind: 'static', username, password },
    ...(coder.generation === 'v2' && standIns.coderV2 && { policy: { rules: RULES } }),
  });
}

/** Pushes an image, and waits until the bridge says that Coder has it. @throws Error with the bridge's reason */
export async function pushSampleImage(environment: Environment, ca: string): Promise<SampleImage> {
  const { standIns, registry } = environment.cloud;
  const { username, password } = registry.pusher;
  const sample = image({
    content: 'A workspace image with nothing in it.',
    labels: { 'org.opencontainers.image.description': 'Sample workspace', 'com.coder.cpu-cores': '2' },
  });
  const target = { registryUrl: standIns.registry.url, username, password, ca };
  const started = Date.now();
  const digest = await pushImage(target, REPOSITORY, sample, TAG);

  const reference = `${registry.name}/${REPOSITORY}:${TAG}`;
  while (Date.now() < started + PATIENCE_MS) {
    const record = await call(environment, 'GET', `images/${reference}`).catch(() => undefined);
    if (record?.state === 'imported') return { reference, digest, tookMs: Date.now() - started };
    if (record?.state === 'failed') throw new Error(`The sample image failed: ${record.message}`);
    await delay(50);
  }
  throw new Error(`The sample image did not arrive within ${PATIENCE_MS / 1000} s.`);
}

async function call(
  { host, keys }: Environment,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ state?: string; message?: string }> {
  const response = await fetch(`${host.url}/api/${path}`, {
    method,
    headers: { 'x-functions-key': keys.host, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /api/${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}
