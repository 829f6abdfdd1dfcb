import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { createMovableClock, type MovableClock } from '../../infra/local/clock.ts';
import type { Cloud } from '../../infra/local/cloud.ts';
import { createSecrets } from '../../infra/local/secrets.ts';
import {
  type CoderV2Options,
  type CoderV2StandIn,
  startCoderV2,
} from '../../infra/local/stand-ins/coder-v2/coder-v2.ts';
import { createV2Client, type V2Client } from '../../shared/coder/v2/client.ts';
import { createPauses } from '../../shared/lib/pauses.ts';

/** A Coder v2 with the sample template, and the client of a bridge that may change it. */
export interface TestCoder {
  standIn: CoderV2StandIn;
  clock: MovableClock;
  client: V2Client;
  /** What the active version of the template names. */
  activeImage(template?: string): string | undefined;
  /** Lets all imports that are under way end: they are acquired first. */
  settle(): void;
}

const MINUTE_MS = 60_000;
export const SAMPLE = join(
  import.meta.dirname,
  '..',
  '..',
  'infra',
  'local',
  'templates',
  'kubernetes',
  'main.tf',
);

/** Imports end only when the test moves the clock. */
export async function startTestCoder(options: Partial<CoderV2Options> = {}): Promise<TestCoder> {
  const secrets = createSecrets();
  const clock = createMovableClock();
  const standIn = await startCoderV2({
    ...{ secrets, clock, ...options },
    switches: { acquireMs: MINUTE_MS, importMs: MINUTE_MS, ...options.switches },
  });
  const { people, controls } = standIn;
  people.add({ username: 'anna', roles: ['owner'] });
  people.add({ username: 'acr-bridge', roles: ['organization-template-admin'] });
  const token = people.token('acr-bridge');
  const settle = () => {
    controls.advance(MINUTE_MS);
    controls.advance(MINUTE_MS);
  };
  const files = { 'main.tf': await readFile(SAMPLE, 'utf8') };
  controls.pushTemplate({ template: 'kubernetes', user: 'anna', files, variables: { namespace: 'coder' } });
  settle();
  return {
    ...{ standIn, clock, settle },
    client: createV2Client({
      url: standIn.url,
      sessionToken: async () => token,
      authorization: async () => undefined,
      maxConcurrent: 8,
      pauses: createPauses(clock.now),
    }),
    activeImage(name = 'kubernetes') {
      const { templates, versions } = standIn.state();
      const template = templates.find(({ settings }) => settings.name === name);
      const active = versions.find(({ id }) => id === template?.activeVersionId);
      return active?.variables.find(variable => variable.name === 'image')?.value;
    },
  };
}

/** The Coder v2 of a cloud that was started with one. */
export function coderOf({ standIns: { coderV2 } }: Cloud): CoderV2StandIn {
  if (!coderV2) throw new Error('The cloud was started without Coder v2.');
  return coderV2;
}

/** Another template like the sample, or with this source. */
export async function createTemplate(cloud: Cloud, name: string, source?: string): Promise<void> {
  const coder = coderOf(cloud);
  const files = { 'main.tf': source ?? (await readFile(SAMPLE, 'utf8')) };
  coder.controls.pushTemplate({ template: name, files, variables: source ? {} : { namespace: 'coder' } });
  await vi.waitUntil(() => activeVersion(cloud, name), { interval: 10, timeout: 25_000 });
}

/** The active version of a template, and what it names. */
export function activeVersion(
  cloud: Cloud,
  name: string,
): { name: string; image: string | undefined } | undefined {
  const { templates, versions } = coderOf(cloud).state();
  const template = templates.find(({ settings }) => settings.name === name);
  const active = versions.find(({ id }) => id === template?.activeVersionId);
  return (
    active && {
      name: active.name,
      image: active.variables.find(variable => variable.name === 'image')?.value,
    }
  );
}
