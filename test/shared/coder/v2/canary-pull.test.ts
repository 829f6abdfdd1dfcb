import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { image as ociImage } from '../../../../infra/local/oci-image.ts';
import { createKubelet } from '../../../../infra/local/stand-ins/coder-v2/kubelet/kubelet.ts';
import {
  PULL_TOKEN,
  startTestRegistry,
  type TestRegistry,
} from '../../../infra/local/stand-ins/registry/fixture.ts';
import { failureOf, settle, startWorld, workspaces } from './canary-world.ts';

// A kubelet really pulls the image of the canary from the registry, by its digest, with the login of its node.

let registry: TestRegistry;
let digest: string;
let reference: string;

beforeAll(async () => {
  registry = await startTestRegistry();
  const manifest = ociImage({ content: 'hello' });
  digest = manifest.digest;
  await registry.push('team/base', manifest, '1');
  reference = `${registry.registry.loginServer}/team/base:1@${digest}`;
});
afterAll(() => registry.registry.close());

/** @param login undefined for a node without one */
async function startNodes(login: { username: string; password: string } | undefined) {
  const { loginServer } = registry.registry;
  const kubelet = createKubelet({
    ca: registry.tls.ca,
    reaches: host => host === loginServer,
    pullSecret: () => login && { auths: { [loginServer]: login } },
  });
  const world = await startWorld({ kubelet, settled: kubelet.settled });
  onTestFinished(async () => {
    registry.registry.faults.clear();
    await world.coder.standIn.close();
  });
  return { world, kubelet };
}

test('an image that can be pulled is promoted', async () => {
  const { world, kubelet } = await startNodes(PULL_TOKEN);
  registry.registry.requests.clear();

  expect(await settle(world, { image: reference })).toMatchObject({ reason: 'template-updated' });

  expect(kubelet.pods()).toMatchObject([{ status: 'Running', images: [reference] }]);
  const asked = registry.registry.requests.all().map(({ path }) => path);
  expect(asked).toContain(`/v2/team/base/manifests/${digest}`);
  expect(asked.filter(path => path.includes('/blobs/sha256:')).length).toBeGreaterThan(1);
});

test.each([
  ['whose digest the registry has lost', { login: PULL_TOKEN, path: 'manifests/sha256' }, '404'],
  ['of which the registry has lost a layer', { login: PULL_TOKEN, path: 'blobs/sha256' }, '404'],
  ['that the node may not pull', { login: { ...PULL_TOKEN, password: 'wrong' } }, '401'],
  ['that a node without login may not pull', { login: undefined }, '401'],
])('an image %s is never active', async (_, { login, path = '' }: Case, why) => {
  const { world, kubelet } = await startNodes(login);
  if (path) registry.registry.faults.add({ path, status: 404 });

  await settle(world, { image: reference });

  expect(kubelet.pods()).toMatchObject([
    { status: 'ImagePullBackOff', message: expect.stringContaining(why) },
  ]);
  expect(world.coder.activeImage()).not.toBe(reference);
  expect(failureOf(world)).toContain('agent is taking too long to connect');
  expect(workspaces(world)).toEqual([]);
});

interface Case {
  login: { username: string; password: string } | undefined;
  path?: string;
}

test('a slow pull that ends within the time is no failure, though the agent had timed out before', async () => {
  const { world, kubelet } = await startNodes(PULL_TOKEN);
  // As while the kubelet waits between two tries.
  registry.registry.faults.add({ path: 'blobs/sha256', status: 503, times: 1 });
  world.settled = async () => {
    await kubelet.settled();
    const agent = workspaces(world)[0]?.builds[0]?.resources[0]?.agents[0];
    const waitedMs = agent ? world.coder.clock.now().getTime() - agent.createdAt.getTime() : 0;
    // Coder calls it `timeout` after two minutes.
    if (waitedMs > 5 * 60_000) await kubelet.retry();
  };

  expect(await settle(world, { image: reference })).toMatchObject({ reason: 'template-updated' });
});
