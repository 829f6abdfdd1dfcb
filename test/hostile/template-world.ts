import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startCloud } from '../../infra/local/cloud.ts';
import { image } from '../../infra/local/oci-image.ts';
import { pushImage } from '../../infra/local/push-image.ts';
import type { Version } from '../../infra/local/stand-ins/coder-v2/state.ts';
import type { Tls } from '../../infra/local/tls.ts';
import { RegistryInput } from '../../shared/records/registry.ts';
import { putRegistry } from '../../shared/registries/put.ts';
import { createServices } from '../../shared/services.ts';
import { readSettings } from '../../shared/settings.ts';
import { activeVersion, coderOf } from '../support/coder-v2.ts';
import { newLife } from '../support/mortal.ts';
import { sharedTenant } from '../support/tenant.ts';
import type { Instance } from './instances.ts';

const silent = { info() {}, warn() {}, error() {} };

/** A repository whose newest image one variable of one template names. */
export interface Feed {
  registry: 'contoso' | 'fabrikam';
  repository: string;
  template: string;
  variable: string;
}

/** Two registries feed one template; a rule with `{name}` feeds two others. */
export const FEEDS: readonly Feed[] = [
  { registry: 'contoso', repository: 'a', template: 'hostile', variable: 'image' },
  { registry: 'fabrikam', repository: 'b/c', template: 'hostile', variable: 'sidecar' },
  { registry: 'contoso', repository: 'work/one', template: 'one', variable: 'image' },
  { registry: 'contoso', repository: 'work/two', template: 'two', variable: 'image' },
];
export const TEMPLATES: readonly string[] = ['hostile', 'one', 'two'];

/** An Azure and a Coder v2 with templates, and instances of the app. */
export type TemplateWorld = Awaited<ReturnType<typeof startTemplateWorld>>;

/** Real time that an event gets while faults occur: Coder may hold an import for long. */
const BUDGET_MS = 700;
/** On the clock that is moved; far above what a wait of an instance moves it by. */
export const LEASE_MS = 600_000;
/** A wait of an instance moves the clock by no more. */
const LONGEST_MOVE_MS = 250;
const FOLDER = join(import.meta.dirname, '..', '..', 'infra', 'local', 'templates', 'kubernetes');
const SAMPLE = readFileSync(join(FOLDER, 'main.tf'), 'utf8');

/** The sample template with a second variable that names an image. */
export function sourceOf(note: string): Record<string, string> {
  const sidecar = 'variable "sidecar" {\n  type    = string\n  default = "docker.io/library/busybox:1"\n}\n';
  return { 'main.tf': `${SAMPLE}\n${sidecar}# ${note}\n` };
}

export async function startTemplateWorld(tls: Tls) {
  const started = { tls, tenant: await sharedTenant(), registries: ['fabrikam'] };
  const cloud = await startCloud({ ...started, coderGeneration: 'v2' });
  Object.assign(process.env, cloud.appSettings);
  const coder = coderOf(cloud);
  Object.assign(coder.switches, { acquireMs: 5, importMs: 10 });
  const { clock, registry, otherRegistries } = cloud;
  const settings = readSettings({ ...cloud.appSettings, CODER_MAX_CONCURRENT: '4' });
  const wait = async (ms: number, signal: AbortSignal) => {
    clock.advance(Math.min(Math.max(ms, 0), LONGEST_MOVE_MS));
    await delay(5, undefined, { signal }).catch(() => undefined);
  };
  const seams = { now: clock.now, random: Math.random, wait };
  /** Has all the time that it wants. */
  const admin = createServices(settings, seams);
  let instances = 0;

  for (const template of TEMPLATES) {
    coder.controls.pushTemplate({ template, files: sourceOf('first'), variables: { namespace: 'coder' } });
    while (!activeVersion(cloud, template)) await delay(5);
  }
  const registries = {
    contoso: { resourceId: registry.resourceId, standIn: cloud.standIns.registry },
    fabrikam: otherRegistries[0] as (typeof otherRegistries)[number],
  };
  /** Each registry calls the organization, and the template, as it likes. */
  const rules = {
    contoso: [
      { repository: 'a', templates: [{ organization: 'Coder', template: 'hostile' }] },
      { repository: 'work/*', templates: [{ template: '{name}' }] },
    ],
    fabrikam: [
      {
        repository: 'b/c',
        templates: [{ organization: coder.organizationId, template: 'Hostile', variable: 'sidecar' }],
      },
    ],
  };
  const { username, password } = registry.puller;
  for (const name of ['contoso', 'fabrikam'] as const) {
    const input = RegistryInput.parse({
      resourceId: registries[name].resourceId,
      credential: { kind: 'static', username, password },
      policy: { rules: rules[name] },
    });
    await putRegistry(admin, name, input, {}, AbortSignal.timeout(20_000), silent);
  }

  const templateNamed = (name: string) => {
    const { templates, versions } = coder.state();
    const template = templates.find(({ settings }) => settings.name === name);
    return { activeId: template?.activeVersionId, own: versions.filter(v => v.templateId === template?.id) };
  };

  return {
    ...{ cloud, coder, admin, registries },

    /** Every second one dies before its last call is carried out, and the others after it. */
    newInstance(): Instance {
      instances += 1;
      const services = createServices(settings, { ...seams, importBudgetMs: BUDGET_MS, leaseMs: LEASE_MS });
      return { life: newLife(Number.POSITIVE_INFINITY, instances % 2 ? 'done' : 'lost'), services };
    },

    push(feed: Feed, tag: string, content: string): Promise<string> {
      const { url } = registries[feed.registry].standIn;
      const target = { registryUrl: url, ...registry.pusher, ca: tls.ca };
      return pushImage(target, feed.repository, image({ content }), tag);
    },

    /** Versions of a template, the oldest first. */
    versions: (template: string): Version[] => templateNamed(template).own,

    active(template: string): Version {
      const { activeId, own } = templateNamed(template);
      return own.find(({ id }) => id === activeId) as Version;
    },

    /** Whether Coder imports anything. */
    isImporting: () =>
      coder.state().versions.some(({ job }) => ['pending', 'running', 'canceling'].includes(job.status)),

    clearFaults(): void {
      const others = otherRegistries.map(({ standIn }) => standIn);
      for (const standIn of [...Object.values(cloud.standIns), ...others]) standIn.faults.clear();
    },

    /**
     * Records that are not final. The rows of when they are due are no measure: Azurite lets others read between two
     * parts of one transaction, which Azure does not, so that one of these rows may outlive its time.
     */
    async unfinished(): Promise<string[]> {
      const found: string[] = [];
      for (const name of Object.keys(registries)) {
        const { items } = await admin.images.list({ registry: name }, { limit: 1_000 });
        const open = items.filter(({ state }) => state === 'pending' || state === 'failed');
        found.push(...open.map(({ repository, tag, reason }) => `${repository}:${tag} ${reason}`));
      }
      return found;
    },
  };
}

/** Variables of a version by their names. */
export function variablesOf({ variables }: Version): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
