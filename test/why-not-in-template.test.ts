import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { artifact, image, type OciManifest } from '../infra/local/oci-image.ts';
import { type ImageReason, REASONS, remedyOf, type V2ImageReason } from '../shared/reasons.ts';
import { type App, type ShownRecord, startApp, until } from './support/app.ts';
import { asPusher, call, split } from './support/bridge.ts';
import { activeVersion, coderOf } from './support/coder-v2.ts';

// Makes each reason happen that an image has in Coder v2, and expects the API to say the same as the vocabulary.

const TEMPLATES = [{ template: '{name}' }];
const POLICY = {
  rules: [
    { repository: 'manual/*', templates: [{ template: '{name}', promote: 'manual' }] },
    { repository: 'tried/*', templates: [{ template: '{name}', canary: {} }] },
    { repository: 'stable/*', templates: TEMPLATES, defaultTag: 'highest-semver' },
    { repository: 'list/*', templates: [{ template: '{name}', as: 'catalog' }] },
    { repository: 'tidy/*', templates: TEMPLATES, onDelete: 'remove' },
    { repository: 'team/*', templates: TEMPLATES },
    { repository: 'nowhere/*' },
  ],
};

const SOURCE = 'variable "image" {\n  type    = string\n  default = "ubuntu:24.04"\n}\n';
const CATALOG = 'variable "images" {\n  type    = string\n  default = "[]"\n}\n';
const WITHOUT_VARIABLE = 'variable "namespace" {\n  type    = string\n  default = "coder"\n}\n';
const SENSITIVE =
  'variable "image" {\n  type      = string\n  default   = "ubuntu:24.04"\n  sensitive = true\n}\n';
// Coder reads workspace tags with the values of the request, and a sensitive value is in none of the bridge's.
const UNREADABLE_TAGS = `${SOURCE}variable "zone" {
  type      = string
  sensitive = true
}
data "coder_workspace_tags" "main" {
  tags = { zone = var.zone }
}
`;
// Nothing answers where its container's image is, so that its agent reports only what the test says.
const WITH_AGENT = `${SOURCE}resource "coder_agent" "main" {
  arch = "amd64"
  os   = "linux"
}
resource "kubernetes_pod" "main" {
  image = "localhost:1/team/base:1"
}
`;
const OTHER = image({ content: 'other' });

/** What Coder Classic answers in another way. */
type AnsweredReason = Extract<
  ImageReason,
  'coder-unavailable' | 'coder-unauthorized' | 'coder-rejected' | 'coder-busy'
>;

let app: App;
let cloud: App['environment']['cloud'];
let coder: ReturnType<typeof coderOf>;

beforeAll(async () => {
  app = await startApp({ coderGeneration: 'v2' });
  ({ cloud } = app.environment);
  coder = coderOf(cloud);
  const { resourceId, puller } = cloud.registry;
  const credential = { kind: 'static', username: puller.username, password: puller.password };
  const answer = await app.api('PUT', 'registries/contoso', { resourceId, credential, policy: POLICY });
  expect(answer.status, answer.text).toBe(201);
});
afterEach(() => {
  app.clearFaults();
  coder.controls.setProvisioners([{ name: 'coderd-0' }]);
  coder.controls.releaseImports();
  coder.controls.revokeRight('acr-bridge', 'template:update', true);
});
afterAll(() => app.close());

/** A person pushes a template, and waits until the version is active. */
async function pushTemplate(template: string, source = SOURCE, variables = {}): Promise<void> {
  const before = activeVersion(cloud, template)?.name;
  coder.controls.pushTemplate({ template, files: { 'main.tf': source }, variables });
  await until(() => {
    const name = activeVersion(cloud, template)?.name;
    return name !== undefined && name !== before;
  });
}

async function push(reference: string, manifest: OciManifest): Promise<string> {
  await app.push(reference, manifest);
  return reference;
}

/** Waits until the bridge has done what it can about the image, or waits for others. */
async function handled(reference: string): Promise<ShownRecord> {
  return until(async () => {
    const record = await app.record(reference);
    return record?.state !== 'pending' && record;
  });
}

async function pushed(reference: string, manifest = image()): Promise<string> {
  await push(reference, manifest);
  await handled(reference);
  return reference;
}

/** Pushes an image, and then waits until the bridge says this of it. */
async function pending(reference: string, reason: ImageReason): Promise<string> {
  await push(reference, image());
  await until(async () => (await app.record(reference))?.reason === reason);
  return reference;
}

async function deleted(reference: string, { digest }: OciManifest): Promise<string> {
  const { repository } = split(reference);
  const url = `${cloud.standIns.registry.url}/v2/${repository}/manifests/${digest}`;
  await call(url, 'DELETE', asPusher(cloud));
  await until(async () => (await app.record(reference))?.state === 'removed');
  return reference;
}

/** Each makes its reason happen to an image of the sample registry, and gives the image. */
const OUTCOMES: Record<V2ImageReason | AnsweredReason, () => Promise<string>> = {
  'template-updated': async () => {
    await pushTemplate('new');
    return pushed('team/new:v1');
  },
  'already-in-template': async () => {
    const { loginServer } = cloud.standIns.registry;
    await pushTemplate('known', SOURCE, { image: `${loginServer}/team/known:v1@${image().digest}` });
    return pushed('team/known:v1');
  },
  'version-ready': async () => {
    await pushTemplate('reviewed');
    return pushed('manual/reviewed:v1');
  },

  'no-template': () => pushed('nowhere/app:v1'),
  'not-chosen': async () => {
    await pushTemplate('ranked');
    await pushed('stable/ranked:2.0.0');
    return pushed('stable/ranked:1.0.0', OTHER);
  },
  held: async () => {
    await pushTemplate('taken');
    await pushed('team/taken:v1');
    const first = activeVersion(cloud, 'taken')?.name as string;
    await pushed('team/taken:v2', OTHER);
    coder.controls.promote('taken', first);
    return pushed('team/taken:latest', OTHER);
  },

  'coder-building': async () => {
    await pushTemplate('slow');
    coder.controls.holdImports('running');
    return pending('team/slow:v1', 'coder-building');
  },
  'no-provisioner': async () => {
    await pushTemplate('waiting');
    coder.controls.setProvisioners([{ name: 'coderd-0', tags: { zone: 'elsewhere' } }]);
    return pending('team/waiting:v1', 'no-provisioner');
  },
  'canary-running': async () => {
    await pushTemplate('tried', WITH_AGENT);
    return pending('tried/tried:v1', 'canary-running');
  },

  'canary-failed': async () => {
    await pushTemplate('failing', WITH_AGENT);
    await push('tried/failing:v1', image());
    const canary = await until(() =>
      coder
        .state()
        .workspaces.find(
          ({ templateId, builds }) =>
            coder.state().templates.find(({ id }) => id === templateId)?.settings.name === 'failing' &&
            builds.at(-1)?.resources.length,
        ),
    );
    coder.controls.reportAgents(canary.id, 'fail', 'install.sh: not found');
    await handled('tried/failing:v1');
    return 'tried/failing:v1';
  },

  'template-missing': () => pushed('team/absent:v1'),
  'variable-missing': async () => {
    await pushTemplate('other', WITHOUT_VARIABLE);
    return pushed('team/other:v1');
  },
  'variable-sensitive': async () => {
    await pushTemplate('secret', SENSITIVE);
    return pushed('team/secret:v1');
  },
  'template-invalid': async () => {
    coder.controls.setProvisioners([{ name: 'coderd-0' }, { name: 'west', tags: { zone: 'west' } }]);
    await pushTemplate('tagged', UNREADABLE_TAGS, { zone: 'west' });
    return pushed('team/tagged:v1');
  },
  'template-build-failed': async () => {
    await pushTemplate('broken');
    coder.controls.failNextImport('exit status 1: no such namespace');
    return pushed('team/broken:v1');
  },
  'catalog-too-large': async () => {
    const entries = Array.from({ length: 100 }, (_, i) => ({ id: `${i}`, image: `ubuntu:${i}` }));
    await pushTemplate('full', CATALOG, { images: JSON.stringify(entries) });
    return pushed('list/full:v1');
  },

  'coder-unavailable': async () => {
    await pushTemplate('unanswered');
    coder.faults.add({ method: 'GET', status: 503 });
    return pending('team/unanswered:v1', 'coder-unavailable');
  },
  'coder-busy': async () => {
    await pushTemplate('throttled');
    const headers = { 'retry-after': '0' };
    coder.faults.add({ method: 'POST', status: 429, headers });
    return pending('team/throttled:v1', 'coder-busy');
  },
  'coder-unauthorized': async () => {
    await pushTemplate('forbidden');
    coder.controls.revokeRight('acr-bridge', 'template:update');
    return pushed('team/forbidden:v1');
  },
  'coder-rejected': async () => {
    await pushTemplate('refused');
    coder.faults.add({ method: 'PATCH', status: 400, body: { message: 'The version cannot be promoted.' } });
    return pushed('team/refused:v1');
  },

  'template-fell-back': async () => {
    await pushTemplate('spare');
    await pushed('tidy/spare:v1');
    await pushed('tidy/spare:v2', OTHER);
    return deleted('tidy/spare:v2', OTHER);
  },
  'last-image': async () => {
    await pushTemplate('only');
    await pushed('tidy/only:v1');
    return deleted('tidy/only:v1', image());
  },
};

describe('the record of an image has the state, the meaning and the remedy of its reason', () => {
  test.each(Object.entries(OUTCOMES) as [keyof typeof OUTCOMES, () => Promise<string>][])(
    '%s',
    async (reason, happen) => {
      const record = (await app.record(await happen())) as ShownRecord;

      const { state, message, remedy } = record;
      const { meaning } = REASONS[reason];
      expect({ reason: record.reason, state, remedy }, message).toEqual({
        ...{ reason, state: REASONS[reason].state, remedy: remedyOf(reason) },
      });
      expect(state === 'imported' ? message : record.meaning).toBe(meaning);
      expect(message).toMatch(/\w/);
      if (state === 'pending') expect(record.nextAttemptOn).toEqual(expect.any(String));
    },
  );
});

test('a tag that is gone stays in the template as long as Coder cannot build the next best one', async () => {
  await pushTemplate('stuck');
  await pushed('tidy/stuck:v1');
  await pushed('tidy/stuck:v2', OTHER);
  coder.controls.failNextImport('exit status 1: no such namespace');

  const record = await app.record(await deleted('tidy/stuck:v2', OTHER));

  expect(activeVersion(cloud, 'stuck')?.image).toContain(OTHER.digest);
  expect(record).toMatchObject({ reason: 'gone', message: expect.stringContaining('no such namespace') });
});

test('a template never falls back to what is no image', async () => {
  await pushTemplate('mixed');
  await pushed('tidy/mixed:v1');
  await pushed('tidy/mixed:chart', artifact());

  const record = await app.record(await deleted('tidy/mixed:v1', image()));

  expect(record).toMatchObject({ reason: 'last-image' });
});
