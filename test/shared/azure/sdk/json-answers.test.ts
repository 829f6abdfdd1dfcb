import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { timeLimit } from '../../../../shared/lib/time-limit.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.push('team/app:v1', image({}));
});
afterAll(() => bridge.close());

test.each([
  ['a page to sign in', '<html>Sign in</html>', 'text/html'],
  ['an empty answer', '', 'application/json'],
  ['null', 'null', 'application/json'],
  ['an empty list', '[]', 'application/json'],
])('%s in place of an answer is an outage, and no list without tags', async (_, body, type) => {
  const { registry, arm } = bridge.cloud.standIns;
  const fault = { status: 200, body, headers: { 'content-type': type } };
  registry.faults.add({ path: '^/acr/v1/', ...fault });
  arm.faults.add({ path: '/registries/', ...fault });

  const source = { loginServer: registry.loginServer, repository: 'team/app', signal: timeLimit(20_000) };
  await expect(bridge.services.acr.listTags(source)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    reason: 'registry-unavailable',
    message: expect.stringContaining('in place of a JSON object, as a proxy answers'),
  });
  const [, , subscriptionId = '', , resourceGroup = ''] = bridge.cloud.registry.resourceId.split('/');
  const id = { subscriptionId, resourceGroup, registryName: bridge.cloud.registry.name };
  const described = bridge.services.arm.describeRegistry(id, timeLimit(20_000));
  // The end of a long-running operation may have no body.
  await expect(described).rejects.toMatchObject(
    body
      ? { statusCode: 502, message: expect.stringContaining('in place of a JSON object') }
      : { message: expect.any(String) },
  );
  bridge.clearFaults();
});
