import { expect, onTestFinished, test } from 'vitest';
import { image as ociImage } from '../../../../../infra/local/oci-image.ts';
import { parseImage } from '../../../../../infra/local/stand-ins/coder-v2/kubelet/image-reference.ts';
import {
  createKubelet,
  STARTUP_LABEL,
} from '../../../../../infra/local/stand-ins/coder-v2/kubelet/kubelet.ts';
import type { PullSecret } from '../../../../../infra/local/stand-ins/coder-v2/kubelet/pull.ts';
import { PULL_TOKEN, startTestRegistry } from '../registry/fixture.ts';
import { setUp } from './setup.ts';

/** A workspace whose image lies in a registry that asks for a login. */
async function withWorkspace(
  image: (host: string, digest: string) => string,
  login = PULL_TOKEN,
  labels: Record<string, string> = {},
) {
  const { push, registry, tls } = await startTestRegistry();
  onTestFinished(() => registry.close());
  const manifest = ociImage({ content: 'hello', labels });
  await push('team/base', manifest, '1');
  const host = registry.loginServer;
  const secret: PullSecret = { auths: { [host]: { ...login } } };
  const kubelet = createKubelet({ ca: tls.ca, reaches: one => one === host, pullSecret: () => secret });
  const all = await setUp({ kubelet });
  const { template } = await all.newTemplate(undefined, { image: image(host, manifest.digest) });
  const { json } = await all.call('POST', '/users/me/workspaces', { name: 'w', template_id: template.id });
  all.settle();
  await kubelet.settled();
  const agent = async () =>
    (await all.call('GET', `/workspaces/${json.id}`)).json.latest_build.resources[0].agents[0];
  return { ...all, agent, kubelet, registry, secret, host };
}

test.each([
  ['tag and digest', (host: string, digest: string) => `${host}/team/base:1@${digest}`],
  ['digest', (host: string, digest: string) => `${host}/team/base@${digest}`],
  ['tag', (host: string) => `${host}/team/base:1`],
])('an image is really pulled by %s, and then the agent is ready', async (_, image) => {
  const { agent, kubelet, registry } = await withWorkspace(image);

  expect(kubelet.pods()).toMatchObject([{ status: 'Running' }]);
  expect(await agent()).toMatchObject({ status: 'connected', lifecycle_state: 'ready' });
  expect(registry.requests.all().some(({ path }) => path.includes('/blobs/sha256:'))).toBe(true);
});

test.each([
  ['silent', { status: 'connecting', lifecycle_state: 'created' }],
  ['no such file', { status: 'connected', lifecycle_state: 'start_error' }],
])('the label of an image says how its agent starts: %s', async (startup, shown) => {
  const byTag = (host: string) => `${host}/team/base:1`;
  const { agent } = await withWorkspace(byTag, PULL_TOKEN, { [STARTUP_LABEL]: startup });

  expect(await agent()).toMatchObject(shown);
});

test('a wrong pull secret leaves the agent out; with the right one it connects though it had timed out', async () => {
  const wrong = { ...PULL_TOKEN, password: 'wrong' };
  const { agent, controls, host, kubelet, secret } = await withWorkspace(one => `${one}/team/base:1`, wrong);
  expect(kubelet.pods()).toMatchObject([{ status: 'ImagePullBackOff', message: '401 Unauthorized' }]);
  expect(await agent()).toMatchObject({ status: 'connecting' });
  controls.advance(61_000);
  expect(await agent()).toMatchObject({ status: 'timeout' });

  secret.auths[host] = { ...PULL_TOKEN };
  await kubelet.retry();

  expect(await agent()).toMatchObject({ status: 'connected', lifecycle_state: 'ready' });
});

test.each([
  ['a digest that is not there', (host: string) => `${host}/team/base@sha256:${'0'.repeat(64)}`, '404'],
  ['a host that is not reached', () => 'elsewhere.example.com/team/base:1', 'no such host'],
  ['no registry', () => 'base', 'invalid reference format'],
])('%s never becomes a workspace, though its build succeeds', async (_, image, message) => {
  const { call, kubelet } = await withWorkspace(image);

  await kubelet.retry();

  expect(kubelet.pods()[0]?.message).toContain(message);
  const { workspaces } = (await call('GET', '/workspaces')).json;
  expect(workspaces[0].latest_build.job.status).toBe('succeeded');
  expect(workspaces[0].health.healthy).toBe(false);
});

test('a reference is parsed with its port', () => {
  expect(parseImage('localhost:5443/team/base:1')).toEqual({
    host: 'localhost:5443',
    repository: 'team/base',
    manifest: '1',
    digest: undefined,
  });
});
