import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startCloud } from '../../infra/local/cloud.ts';
import { image } from '../../infra/local/oci-image.ts';
import { pushImage } from '../../infra/local/push-image.ts';
import type { Version } from '../../infra/local/stand-ins/coder-v2/state.ts';
import type { Tls } from '../../infra/local/tls.ts';
import { RegistryInput } from '../../shared/records/registry.ts';
import { putRegistry } from '../../shared/registries/put.ts';
import { createServices, type Services } from '../../shared/services.ts';
import { readSettings } from '../../shared/settings.ts';
import { activeVersion, coderOf } from '../support/coder-v2.ts';
import { type Life, newLife } from '../support/mortal.ts';
import { sharedTenant } from '../support/tenant.ts';

const silent = { info() {}, warn() {}, error() {} };

/** One template, two variables of which name the images of two repositories. */
export const TEMPLATE = 'hostile';
export const VARIABLE_OF = { a: 'image', 'b/c': 'sidecar' } as const;
export type Repository = keyof typeof VARIABLE_OF;
export const REPOSITORIES = Object.keys(VARIABLE_OF) as Repository[];

export interface Instance {
  life: Life;
  services: Services;
}

/** An Azure and a Coder v2 with one template, what people do there, and instances of the app. */
export type TemplateWorld = Awaited<ReturnType<typeof startTemplateWorld>>;

/** Real time that an event gets while faults occur: Coder may hold an import for long. */
const BUDGET_MS = 700;
/** On the clock that is moved; far above what a wait of an instance moves it by. */
export const LEASE_MS = 600_000;
/** A wait of an instance moves the clock by no more. */
const LONGEST_MOVE_MS = 250;
const SAMPLE = join(import.meta.dirname, '..', '..', 'infra', 'local', 'templates', 'kubernetes', 'main.tf');

/** The sample template with a second variable that names an image. */
export async function sourceOf(note: string): Promise<Record<string, string>> {
  const sidecar = 'variable "sidecar" {\n  type    = string\n  default = "docker.io/library/busybox:1"\n}\n';
  return { 'main.tf': `${await readFile(SAMPLE, 'utf8')}\n${sidecar}# ${note}\n` };
}

export async function startTemplateWorld(tls: Tls) {
  const cloud = await startCloud({ tls, tenant: await sharedTenant(), coderGeneration: 'v2' });
  Object.assign(process.env, cloud.appSettings);
  const coder = coderOf(cloud);
  Object.assign(coder.switches, { acquireMs: 5, importMs: 10 });
  const { clock } = cloud;
  const settings = readSettings({ ...cloud.appSettings, CODER_MAX_CONCURRENT: '4' });
  const wait = async (ms: number, signal: AbortSignal) => {
    clock.advance(Math.min(Math.max(ms, 0), LONGEST_MOVE_MS));
    await delay(5, undefined, { signal }).catch(() => undefined);
  };
  const seams = { now: clock.now, random: Math.random, wait };
  /** Has all the time that it wants. */
  const admin = createServices(settings, seams);
  let instances = 0;

  coder.controls.pushTemplate({
    ...{ template: TEMPLATE, files: await sourceOf('first'), variables: { namespace: 'coder' } },
  });
  while (!activeVersion(cloud, TEMPLATE)) await delay(5);
  const { username, password } = cloud.registry.puller;
  const input = RegistryInput.parse({
    resourceId: cloud.registry.resourceId,
    credential: { kind: 'static', username, password },
    policy: {
      rules: REPOSITORIES.map(repository => ({
        ...{ repository, templates: [{ template: TEMPLATE, variable: VARIABLE_OF[repository] }] },
      })),
    },
  });
  await putRegistry(admin, cloud.registry.name, input, {}, AbortSignal.timeout(20_000), silent);

  const world = {
    cloud,
    coder,
    admin,
    name: { organization: coder.organizationId, template: TEMPLATE },

    /** Every second one dies before its last call is carried out, and the others after it. */
    newInstance(): Instance {
      instances += 1;
      const services = createServices(settings, { ...seams, importBudgetMs: BUDGET_MS, leaseMs: LEASE_MS });
      return { life: newLife(Number.POSITIVE_INFINITY, instances % 2 ? 'done' : 'lost'), services };
    },

    push(repository: Repository, tag: string, content: string): Promise<string> {
      const target = { registryUrl: cloud.standIns.registry.url, ...cloud.registry.pusher, ca: tls.ca };
      return pushImage(target, repository, image({ content }), tag);
    },

    value: (repository: Repository, tag: string, digest: string) =>
      `${cloud.standIns.registry.loginServer}/${repository}:${tag}@${digest}`,

    /** Versions of the template, the oldest first. */
    versions(): Version[] {
      const { templates, versions } = coder.state();
      const id = templates.find(({ settings }) => settings.name === TEMPLATE)?.id;
      return versions.filter(({ templateId }) => templateId === id);
    },

    active(): Version {
      const { templates, versions } = coder.state();
      const id = templates.find(({ settings }) => settings.name === TEMPLATE)?.activeVersionId;
      return versions.find(version => version.id === id) as Version;
    },

    /** Until Coder is at nothing any more, but for imports that it holds. */
    async quiet(isHeld: boolean): Promise<void> {
      while (coder.requests.underWay() > 0) await new Promise(setImmediate);
      const isBusy = () =>
        world.versions().some(({ job }) => ['pending', 'running', 'canceling'].includes(job.status));
      while (!isHeld && isBusy()) await delay(2);
    },

    clearFaults(): void {
      for (const standIn of Object.values(cloud.standIns)) standIn.faults.clear();
    },

    /**
     * Records that are not final. The rows of when they are due are no measure: Azurite lets others read between two
     * parts of one transaction, which Azure does not, so that one of these rows may outlive its time.
     */
    async unfinished(): Promise<string[]> {
      const { items } = await admin.images.list({ registry: cloud.registry.name }, { limit: 1_000 });
      return items
        .filter(({ state }) => state === 'pending' || state === 'failed')
        .map(({ repository, tag, reason }) => `${repository}:${tag} ${reason}`);
    },
  };
  return world;
}

/** Variables of a version by their names. */
export function variablesOf({ variables }: Version): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
