import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FORMS } from '../../../../infra/local/quotes.ts';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import {
  type KubernetesStandIn,
  startKubernetes,
} from '../../../../infra/local/stand-ins/kubernetes/kubernetes.ts';
import type { SecretAddress } from '../../../../shared/azure/aks/address.ts';
import { createClusterCheck } from '../../../../shared/azure/aks/allowed-hosts.ts';
import { createPullSecrets, type PullSecrets } from '../../../../shared/azure/aks/pull-secrets.ts';
import { rememberTokens } from '../../../../shared/azure/sdk/remembering-credential.ts';
import { timeLimit } from '../../../../shared/lib/time-limit.ts';
import { identities } from '../../../infra/local/stand-ins/identities.ts';
import { testTls } from '../../../support/bridge.ts';
import { shownIn } from '../../../support/shown-secrets.ts';

const secrets = createSecrets();
let server: KubernetesStandIn;
let pullSecrets: PullSecrets;
let at: SecretAddress;
const signal = () => timeLimit(10_000);

beforeAll(async () => {
  const [{ app, entra }, tls] = await Promise.all([identities(), testTls()]);
  server = await startKubernetes({
    ...{ secrets, now: () => new Date(), tls, verifyEntraToken: entra.verify },
  });
  server.cluster.namespaces.add('dev');
  server.cluster.grants.push({ user: app.objectId, namespace: 'dev', verbs: ['get', 'create', 'patch'] });
  const cluster = { server: server.url, certificateAuthority: tls.ca };
  at = { cluster, namespace: 'dev', secret: 'pull' };
  const credential = rememberTokens(
    {
      async getToken(...asked) {
        const token = await app.credential.getToken(...asked);
        secrets.issue(token?.token ?? '');
        return token;
      },
    },
    {},
  );
  pullSecrets = createPullSecrets(credential, createClusterCheck([new URL(server.url).host]));
});
afterEach(() => server.faults.clear());
afterAll(() => server.close());

test('a write that was decided on an older Secret changes nothing', async () => {
  expect(await pullSecrets.apply(at, '{"auths":{"a":{}}}', undefined, signal())).toBe(true);
  const read = await pullSecrets.find(at, signal());
  expect(await pullSecrets.apply(at, '{"auths":{"b":{}}}', read, signal())).toBe(true);

  expect(await pullSecrets.apply(at, '{"auths":{"late":{}}}', read, signal())).toBe(false);

  expect(server.cluster.text('dev', 'pull')).toBe('{"auths":{"b":{}}}');
});

describe('an API server that misbehaves', () => {
  const find = (ms = 10_000) => pullSecrets.find(at, timeLimit(ms));

  test.each([302, 307, 308])('is followed nowhere: %i', async status => {
    server.requests.clear();
    server.faults.add({ status, headers: { location: `${server.url}/elsewhere` } });

    await expect(find()).rejects.toMatchObject({ reason: 'cluster-unavailable' });
    expect(server.requests.all()).toHaveLength(1);
  });

  test('is left in time when it hangs', async () => {
    server.faults.add({ delayMs: 60_000 });

    await expect(find(300)).rejects.toMatchObject({
      reason: 'cluster-unavailable',
      message: expect.stringContaining('no answer in time'),
    });
  });

  test('is given up when its answer is too large', async () => {
    server.faults.add({ body: { huge: 'x'.repeat(5 * 1024 * 1024) } });

    await expect(find()).rejects.toThrow('larger than 4 MiB');
  });

  test.each(Object.keys(FORMS))('shows no secret that it quotes: %s', async quotes => {
    const config = '{"auths":{"a":{"username":"coder","password":"pVrRj8kQz2Lm5Tn7"}}}';
    secrets.issue(Buffer.from(config).toString('base64'));
    server.faults.add({ quotes, status: 403 });

    const { message, remedy } = await pullSecrets
      .apply(at, config, undefined, signal())
      .catch(error => error);

    expect(message).toMatch(/403, Quoted, refused/);
    expect(secrets.all().length).toBeGreaterThan(1);
    expect(shownIn(`${message} ${remedy}`, secrets.all())).toEqual([]);
  });
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
