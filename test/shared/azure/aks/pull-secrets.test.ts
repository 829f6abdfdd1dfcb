import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import {
  type KubernetesStandIn,
  startKubernetes,
} from '../../../../infra/local/stand-ins/kubernetes/kubernetes.ts';
import type { SecretAddress } from '../../../../shared/azure/aks/address.ts';
import { createClusterCheck } from '../../../../shared/azure/aks/allowed-hosts.ts';
import { createPullSecrets, type PullSecrets } from '../../../../shared/azure/aks/pull-secrets.ts';
import { timeLimit } from '../../../../shared/lib/time-limit.ts';
import { identities } from '../../../infra/local/stand-ins/identities.ts';
import { testTls } from '../../../support/bridge.ts';

let server: KubernetesStandIn;
let pullSecrets: PullSecrets;
let at: SecretAddress;
const signal = () => timeLimit(10_000);

beforeAll(async () => {
  const [{ app, entra }, tls] = await Promise.all([identities(), testTls()]);
  server = await startKubernetes({
    ...{ secrets: createSecrets(), now: () => new Date(), tls, verifyEntraToken: entra.verify },
  });
  server.cluster.namespaces.add('dev');
  server.cluster.grants.push({ user: app.objectId, namespace: 'dev', verbs: ['get', 'create', 'patch'] });
  const cluster = { server: server.url, certificateAuthority: tls.ca };
  at = { cluster, namespace: 'dev', secret: 'pull' };
  pullSecrets = createPullSecrets(app.credential, createClusterCheck([new URL(server.url).host]));
});
afterAll(() => server.close());

test('a write that was decided on an older Secret changes nothing', async () => {
  expect(await pullSecrets.apply(at, '{"auths":{"a":{}}}', undefined, signal())).toBe(true);
  const read = await pullSecrets.find(at, signal());
  expect(await pullSecrets.apply(at, '{"auths":{"b":{}}}', read, signal())).toBe(true);

  expect(await pullSecrets.apply(at, '{"auths":{"late":{}}}', read, signal())).toBe(false);

  expect(server.cluster.text('dev', 'pull')).toBe('{"auths":{"b":{}}}');
});

test.each([
  ['name.hcp.westeurope.azmk8s.io', true],
  ['name.1234.privatelink.westeurope.azmk8s.io:443', true],
  ['azmk8s.io', false],
  ['name.azmk8s.io.example.com', false],
  ['name.azmk8s.io:8443', false],
  ['api.example.com:6443', true],
])('tokens for AKS go to %s: %s', (host, isAllowed) => {
  expect(createClusterCheck(['api.example.com:6443'])(host)).toBe(isAllowed);
});
