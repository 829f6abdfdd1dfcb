import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { STARTUP_LABEL } from '../../infra/local/stand-ins/coder-v2/kubelet/kubelet.ts';
import type { KubernetesStandIn } from '../../infra/local/stand-ins/kubernetes/kubernetes.ts';
import { type App, type ShownRecord, startApp, until } from '../support/app.ts';
import { activeVersion, coderOf, createTemplate } from '../support/coder-v2.ts';

// The whole way of an image to a template with a canary, whose container the kubelet pulls with the Secret that the bridge
// delivered, and with nothing else.

const SECRET = 'contoso-pull';
const MINUTES = 5;

let app: App;
let cloud: App['environment']['cloud'];
let kubernetes: KubernetesStandIn;

beforeAll(async () => {
  app = await startApp({ coderGeneration: 'v2' });
  ({ cloud } = app.environment);
  kubernetes = cloud.standIns.kubernetes as KubernetesStandIn;
  // The identity of the nodes may not pull.
  cloud.registry.puller.actions.length = 0;
  const canary = { timeoutMinutes: MINUTES };
  const answer = await app.api('PUT', `registries/${cloud.registry.name}`, {
    resourceId: cloud.registry.resourceId,
    credential: { kind: 'token', tokenName: 'workspaces' },
    delivery: {
      ...{ kind: 'kubernetes', server: kubernetes.url, certificateAuthority: app.tls.ca },
      ...{ namespaces: ['coder'], secret: SECRET },
    },
    policy: { rules: [{ repository: 'team/*', templates: [{ template: '{name}', canary }] }] },
  });
  expect(answer.status, answer.text).toBe(201);
});
afterAll(() => app.close());

const canariesMade = (template: string) => {
  const { templates, workspaces } = coderOf(cloud).state();
  const id = templates.find(({ settings }) => settings.name === template)?.id;
  return workspaces.filter(({ name, templateId }) => name.startsWith('acr-canary-') && templateId === id);
};
const activeImage = (template: string) => activeVersion(cloud, template)?.image;

/** The record, once the bridge has done with the image. The clock is moved on as soon as nothing but it is waited for. */
async function handled(template: string, late: boolean): Promise<ShownRecord> {
  const reference = `team/${template}:v1`;
  if (late) {
    await until(async () => (await app.record(reference))?.reason === 'canary-running');
    await until(() => canariesMade(template)[0]?.builds[0]?.job.status === 'succeeded');
    cloud.clock.advance((MINUTES + 1) * 60_000);
    app.environment.host.advance((MINUTES + 1) * 60_000);
  }
  return until(async () => {
    const record = await app.record(reference);
    return record?.state !== 'pending' && record;
  });
}

test('an image whose canary starts with the delivered Secret is promoted, and its canary deleted', async () => {
  await createTemplate(cloud, 'good');
  const digest = await app.push('team/good:v1', image());

  expect(await handled('good', false)).toMatchObject({ reason: 'template-updated' });

  expect(activeImage('good')).toBe(`${cloud.standIns.registry.loginServer}/team/good:v1@${digest}`);
  expect(canariesMade('good')).toMatchObject([{ deleted: true }]);
  expect(kubernetes.cluster.text('coder', SECRET)).toContain('"username":"workspaces"');
});

test.each([
  ['that cannot be pulled', 'unpullable', {}, 'timeout and created (agent is taking too long to connect)'],
  ['whose agent never connects', 'silent', { [STARTUP_LABEL]: 'silent' }, 'timeout and created'],
  [
    'whose startup script fails',
    'failing',
    { [STARTUP_LABEL]: 'install.sh: not found' },
    'install.sh: not found',
  ],
])(
  'an image %s is never active, and its record says why',
  async (_, template, labels, words) => {
    await createTemplate(cloud, template);
    const before = activeImage(template);
    const manifest = image({ labels });
    const layer = manifest.blobs.at(-1)?.digest;
    if (template === 'unpullable')
      cloud.standIns.registry.faults.add({
        method: 'GET',
        path: `team/${template}/blobs/${layer}`,
        status: 404,
      });
    await app.push(`team/${template}:v1`, manifest);

    const record = await handled(template, template !== 'failing');

    expect(record).toMatchObject({
      ...{ state: 'failed', reason: 'canary-failed', message: expect.stringContaining(words) },
    });
    expect(activeImage(template)).toBe(before);
    expect(canariesMade(template)).toMatchObject([{ deleted: true }]);
  },
  60_000,
);

test('the setup guide shows in its diff that the pod is to pull with the Secret', async () => {
  const source = `variable "image" {
  type    = string
  default = "ubuntu:24.04"
}
resource "kubernetes_pod_v1" "main" {
  spec {
    container {
      image = var.image
    }
  }
}
`;
  await createTemplate(cloud, 'plain', source);

  const { text } = await app.api('GET', 'registries/contoso/setup?template=plain&format=markdown');

  expect(text).toContain(`   spec {\n+    image_pull_secrets {\n+      name = "${SECRET}"\n+    }\n`);
});
