import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Grant, Verb } from '../../../infra/local/stand-ins/kubernetes/cluster.ts';
import { DockerConfig } from '../../../shared/credentials/docker-config.ts';
import type { HeldRegistry } from '../../../shared/credentials/holder.ts';
import { deliveryCheck } from '../../../shared/delivery/check.ts';
import { diagnose } from '../../../shared/diagnostics/diagnose.ts';
import { CredentialError, RefusedError, ServiceError } from '../../../shared/errors.ts';
import { timeLimit } from '../../../shared/lib/time-limit.ts';
import { deleteRegistry } from '../../../shared/registries/delete.ts';
import { giveCredential } from '../../../shared/registries/give.ts';
import { requestRotation } from '../../../shared/rotation/request.ts';
import { stageOf } from '../../../shared/rotation/stage.ts';
import { newLife } from '../../support/mortal.ts';
import { type DeliveryWorld, NAME, NAMESPACES, SECRET, startDeliveryWorld } from './world.ts';

const MINUTE_MS = 60_000;
const ALL_VERBS: Verb[] = ['get', 'create', 'patch'];
let world: DeliveryWorld;
/** One that did not sign the certificate of the cluster. */
let otherAuthority: string;

beforeAll(async () => {
  world = await startDeliveryWorld();
  otherAuthority = (await generate([{ name: 'commonName', value: 'Another CA' }])).cert;
});
afterAll(() => world.close());
beforeEach(() => {
  const { cluster } = world.kubernetes;
  for (const namespace of NAMESPACES) cluster.delete(namespace, SECRET);
  for (const grant of cluster.grants) grant.verbs = ALL_VERBS;
});
afterEach(async () => {
  world.bridge.clearFaults();
  if (await world.registry()) await deleteRegistry(world.services, NAME, {});
  world.useAnotherAccount();
});

/** What a PUT is refused with: its faults, or its reason and message. */
async function refusalOf(delivery: object, credential?: { kind: string }): Promise<string[]> {
  try {
    await world.declare(delivery, credential);
    return [];
  } catch (error) {
    if (error instanceof RefusedError) return error.faults.map(({ path, message }) => `${path} ${message}`);
    if (error instanceof CredentialError || error instanceof ServiceError)
      return [`${error.reason}: ${error.message} ${error.remedy}`];
    throw error;
  }
}

const declared = (kind: 'kubernetes' | 'key-vault' | 'pull', changes: object = {}) => ({
  ...world.declarationOf(kind),
  ...changes,
});
const storedSecrets = () => NAMESPACES.map(namespace => world.kubernetes.cluster.find(namespace, SECRET));
const loginIn = (text = '{"auths":{}}') => Object.values(DockerConfig.parse(JSON.parse(text)).auths)[0];

async function advance(minutes: number): Promise<void> {
  world.bridge.cloud.clock.advance(minutes * MINUTE_MS);
  await world.run(world.services);
}

/** Until the record has another credential than before, which takes a run or two. */
async function rotated(compromised = false): Promise<void> {
  await requestRotation(world.services, NAME, compromised);
  await world.run(world.services);
}

describe('a PUT is refused', () => {
  test.each<[string, () => object, { kind: string } | undefined, RegExp]>([
    [
      'when there is nothing to deliver',
      () => declared('kubernetes'),
      { kind: 'managed-identity' },
      /^delivery.kind has nothing to deliver.*Declare "none"/,
    ],
    [
      'for a host that gets no tokens',
      () => declared('kubernetes', { server: 'https://example.com' }),
      undefined,
      /^delivery.server is not an allowed host.*AKS_ALLOWED_HOSTS/,
    ],
    [
      "for the secret of Coder's token",
      () => declared('key-vault', { secret: 'Coder-Session-Token' }),
      undefined,
      /^delivery.secret is the name of a secret that the bridge itself uses/,
    ],
    [
      "for the secret of a registry's password",
      () => declared('key-vault', { secret: 'registry-other-password' }),
      undefined,
      /^delivery.secret is the name/,
    ],
    [
      'when copies would outlive a token of three hours',
      () => declared('key-vault'),
      { kind: 'entra-identity' },
      /^delivery.refreshMinutes must be at most 45 /,
    ],
    [
      'when copies would outlive a password',
      () => declared('pull', { refreshMinutes: 300 }),
      { kind: 'token' },
      /^delivery.refreshMinutes must be at most 270 /,
    ],
    [
      'for a namespace where the role is missing, with the command',
      () => declared('kubernetes', { namespaces: ['coder', 'kube-system'] }),
      undefined,
      /^delivery-refused: .*403, Forbidden, secrets .*az role assignment create --role 'Azure Kubernetes Service RBAC Writer' .*"\$AKS_ID\/namespaces\/kube-system"/,
    ],
    [
      'when the certificate is signed by an authority that is not declared',
      () => declared('kubernetes', { certificateAuthority: otherAuthority }),
      undefined,
      /^delivery-refused: .*certificateAuthority/,
    ],
  ])('%s', async (_, delivery, credential, message) => {
    const refusal = await refusalOf(delivery(), credential);

    expect(refusal).toEqual([expect.stringMatching(message)]);
    expect(await world.registry()).toBeUndefined();
  });

  test('for a place that another registry fills', async () => {
    await world.declare(declared('kubernetes'));
    const target = world.services.target.refuse(
      {
        ...{ name: 'other', policy: { rules: [] }, credential: { kind: 'admin' } },
        delivery: declared('kubernetes', { namespaces: ['coder'] }) as { kind: string },
      },
      undefined,
    );

    await expect(target).rejects.toMatchObject({
      faults: [{ path: 'delivery.secret', message: expect.stringContaining('registry contoso') }],
    });
  });

  test('for a Secret that holds logins of others, or is of another type', async () => {
    const { cluster } = world.kubernetes;
    const others = '{"auths":{"docker.io":{"auth":"eA=="}}}';
    cluster.edit('coder', SECRET, { '.dockerconfigjson': others }, 'kubernetes.io/dockerconfigjson');
    expect(await refusalOf(declared('kubernetes'))).toEqual([
      expect.stringMatching(/^delivery-refused: The Secret contoso-pull in coder exists/),
    ]);
    expect(cluster.text('coder', SECRET)).toBe(others);

    cluster.delete('coder', SECRET);
    cluster.edit('coder', SECRET, { password: 'x' });
    expect(await refusalOf(declared('kubernetes'))).toEqual([
      expect.stringMatching(/^delivery-refused: .*422.*kubectl delete secret contoso-pull --namespace coder/),
    ]);
  });

  test('with 503 when the cluster does not answer', async () => {
    world.kubernetes.faults.add({ drop: 'before' });

    expect(await refusalOf(declared('kubernetes'))).toEqual([
      expect.stringMatching(/^cluster-unavailable: /),
    ]);
  });
});

describe('kubernetes', () => {
  test('each namespace gets a Secret that the kubelet pulls with, and keeps what people add', async () => {
    await world.declare(declared('kubernetes'));

    await world.pull();
    expect(storedSecrets().map(secret => secret?.type)).toEqual(
      NAMESPACES.map(() => 'kubernetes.io/dockerconfigjson'),
    );
    world.kubernetes.cluster.edit('coder', SECRET, { '.dockerconfigjson': '{}', note: 'mine' });
    world.kubernetes.cluster.delete('coder-gpu', SECRET);
    await advance(2);
    await world.pull();
    expect(world.kubernetes.cluster.text('coder', SECRET, 'note')).toBe('mine');
  });

  test('writes nothing while nothing changes', async () => {
    await world.declare(declared('kubernetes'));
    const before = storedSecrets().map(secret => secret?.resourceVersion);

    await advance(10);
    await world.services.holder.deliver(await world.registry(), timeLimit(5_000));

    expect(storedSecrets().map(secret => secret?.resourceVersion)).toEqual(before);
  });

  test('one namespace that refuses holds up the revocation, and not the others', async () => {
    await world.declare(declared('kubernetes'));
    const [, other] = world.kubernetes.cluster.grants as [Grant, Grant];
    other.verbs = ['get'];
    const [before] = world.copies();

    await rotated();
    await advance(300);

    expect((await world.registry()).rotation).toMatchObject({
      lastResult: {
        outcome: 'failed',
        reason: 'delivery-refused',
        message: expect.stringContaining('coder-gpu'),
      },
    });
    expect(stageOf(await world.registry())).toBe('delivering');
    const [now, refused] = world.copies();
    expect([now === before, refused === before]).toEqual([false, true]);
    await world.pull();

    other.verbs = ALL_VERBS;
    await advance(2);
    await advance(31);
    expect(stageOf(await world.registry())).toBeUndefined();
    await world.pull();
  });

  test('no token goes to a host that is not allowed any more', async () => {
    await world.declare(declared('kubernetes'));
    const strict = world.bridge.anotherInstance({ AKS_ALLOWED_HOSTS: '' });
    const { length } = world.kubernetes.requests.all();

    const asked = strict.holder.hasDrifted(await world.registry(), timeLimit(5_000));

    await expect(asked).rejects.toMatchObject({
      reason: 'delivery-refused',
      remedy: expect.stringContaining('AKS_ALLOWED_HOSTS'),
    });
    expect(world.kubernetes.requests.all()).toHaveLength(length);
  });

  test('a late delivery by a worker with an older record writes what is recorded now', async () => {
    await world.declare(declared('kubernetes'));
    const stale = await world.registry();
    await rotated();
    const [now] = world.copies();

    await world.services.holder.deliver(stale, timeLimit(5_000));

    expect(world.copies()[0]).toBe(now);
  });
});

describe('key-vault', () => {
  test('the secret has the docker configuration, its end, and no older version that can be read', async () => {
    const { keyVault } = world.bridge.cloud.standIns;
    await world.declare(declared('key-vault'));
    await rotated();

    const [text, ...older] = keyVault.readable(SECRET);
    const { rotation } = await world.registry();
    expect(loginIn(text)?.username).toBe(rotation.current?.username);
    expect(older).toEqual([]);
    const { exp } = keyVault.attributes(SECRET);
    expect(exp).toBe(Math.floor((rotation.current?.expiresOn?.getTime() ?? 0) / 1_000));
  });

  test.each(['done', 'lost'] as const)(
    'no older version can be read after a delivery that was cut off at any call, the last of which is %s',
    async last => {
      const { keyVault } = world.bridge.cloud.standIns;
      await world.declare(declared('key-vault'));
      const [text] = keyVault.readable(SECRET);
      let life = newLife(0);
      for (let calls = 1; calls === 1 || life.dead; calls += 1) {
        const delivered = await world.services.vault.newest(SECRET);
        keyVault.put(SECRET, '{}');
        await world.services.vault.disable(SECRET, delivered?.version ?? '');
        life = newLife(calls, last);
        const { holder, registries } = world.newInstance();
        await life.run(async () =>
          holder.deliver((await registries.get(NAME)) as HeldRegistry, timeLimit(5_000)),
        );

        await world.run(world.services);

        expect(keyVault.readable(SECRET), `cut off at call ${calls}`).toEqual([text]);
      }
    },
  );

  test('the older credential stays valid until copies were made, longer than the grace period', async () => {
    await world.declare(declared('key-vault'));
    await world.refresh('key-vault');
    await rotated();

    await advance(45);
    await rotated();
    await world.pull();
    await advance(70);
    await world.pull();
    await advance(10);
    await expect(world.pull()).rejects.toThrow('401');
    await world.refresh('key-vault');
    await world.pull();
  });

  test('the time begins again after the vault refused, or a person changed the secret', async () => {
    const { keyVault } = world.bridge.cloud.standIns;
    await world.declare(declared('key-vault'));
    await world.refresh('key-vault');
    const older = keyVault.readable(SECRET)[0] ?? '';
    await rotated();

    keyVault.faults.add({ status: 503 });
    await advance(100);
    world.bridge.clearFaults();
    expect((await world.registry()).rotation.lastResult?.outcome).toBe('rotated');
    await advance(60);
    await world.pull();
    keyVault.put(SECRET, older);
    await world.refresh('key-vault');
    await advance(1);
    expect(keyVault.readable(SECRET)[0]).not.toBe(older);
    await advance(110);
    await world.pull();
    await advance(15);
    await expect(world.pull()).rejects.toThrow('401');
  });

  test('a compromised credential is revoked at once', async () => {
    await world.declare(declared('key-vault'));
    await world.refresh('key-vault');

    await rotated(true);

    await expect(world.pull()).rejects.toThrow('401');
  });
});

describe('pull', () => {
  test('the older credential stays valid until the new one was fetched, and the time of two fetches is over', async () => {
    await world.declare(declared('pull'));
    await world.refresh('pull');
    await rotated();

    await advance(130);
    await world.pull();
    expect((await world.registry()).rotation).toMatchObject({
      lastResult: { reason: 'delivery-not-fetched', remedy: expect.stringContaining('/credentials') },
    });
    await giveCredential(world.services, NAME);
    await advance(2);
    await expect(world.pull()).rejects.toThrow('401');
    expect((await world.registry()).rotation).not.toHaveProperty('lastResult');
  });
});

describe('another delivery', () => {
  test('is declared only once its place is filled', async () => {
    await world.declare(declared('key-vault'));
    world.kubernetes.faults.add({ status: 503 });
    expect(await refusalOf(declared('kubernetes'))).toEqual([expect.stringMatching(/^cluster-unavailable/)]);
    expect((await world.registry()).delivery?.kind).toBe('key-vault');

    world.bridge.clearFaults();
    await world.declare(declared('kubernetes'));
    await world.pull();
  });

  test('and none: what was delivered stays valid as long as copies may be in use', async () => {
    await world.declare(declared('key-vault'));
    await world.refresh('key-vault');

    await world.declare(
      { kind: 'none' },
      {
        ...{ kind: 'managed-identity' },
      },
    );
    await advance(100);
    await world.pull();
    await advance(30);
    await expect(world.pull()).rejects.toThrow('401');
  });
});

describe('the diagnosis says', () => {
  const findingNow = async () => {
    const findings = await diagnose(world.services, NAME, timeLimit(25_000));
    return findings.find(({ check }) => check === 'workspace-can-pull');
  };

  test('that the cluster has the credential, or why not', async () => {
    await world.declare(declared('kubernetes'));
    expect(await findingNow()).toMatchObject({
      ok: true,
      message: expect.stringContaining('coder, coder-gpu'),
    });

    world.kubernetes.cluster.delete('coder-gpu', SECRET);
    expect(await findingNow()).toMatchObject({ ok: false, reason: 'not-delivered' });
    world.kubernetes.faults.add({ status: 403 });
    expect(await findingNow()).toMatchObject({
      ...{
        ok: false,
        reason: 'delivery-refused',
        remedy: expect.stringContaining('az role assignment create'),
      },
    });
  });

  test('the same of the vault', async () => {
    await world.declare(declared('key-vault'));
    expect(await findingNow()).toMatchObject({ ok: true, message: expect.stringContaining('every 60 min') });
    world.bridge.cloud.standIns.keyVault.put(SECRET, 'other');
    expect(await findingNow()).toMatchObject({ ok: false, reason: 'not-delivered' });
  });

  test('whether the current credential was fetched', async () => {
    await world.declare(declared('pull'));
    await giveCredential(world.services, NAME);
    expect(await findingNow()).toMatchObject({ ok: true });
    await rotated();
    expect(await findingNow()).toMatchObject({ ok: false, reason: 'delivery-not-fetched' });
  });

  test.each(['kubernetes', 'key-vault', 'pull'] as const)(
    'with %s, nothing while the first credential is being issued',
    async kind => {
      const registry = { ...(await world.registry()), rotation: {}, delivery: { kind, ...declared(kind) } };
      const check = deliveryCheck(world.services as never);
      expect(await check.run({ registry, signal: timeLimit(5_000) })).toMatchObject({ ok: null });
    },
  );

  test('which other identities may pull, where Azure shows it', async () => {
    const { arm } = world.bridge.cloud.standIns;
    await world.declare({ kind: 'none' });
    const others = arm.roleAssignments.splice(1);
    expect(await findingNow()).toMatchObject({
      ...{ ok: false, reason: 'nodes-cannot-pull', remedy: expect.stringContaining('--attach-acr') },
    });
    arm.roleAssignments.push(...others);
    expect(await findingNow()).toMatchObject({
      ok: true,
      message: expect.stringContaining('identities may pull'),
    });
    arm.faults.add({ path: 'roleAssignments', status: 403 });
    expect(await findingNow()).toMatchObject({ ok: null });
  });
});

test('deleting the registry leaves the Secret and its credential', async () => {
  await world.declare(declared('kubernetes'));

  await deleteRegistry(world.services, NAME, {});

  await world.pull();
});

test('Coder Classic takes no delivery', async () => {
  const classic = world.bridge.anotherInstance({ CODER_GENERATION: 'classic' });
  const refused = classic.target.refuse(
    {
      ...{ name: 'x', policy: { rules: [] }, credential: { kind: 'admin' }, organizationId: 'o' },
      delivery: { kind: 'none' },
    },
    undefined,
  );

  await expect(refused).rejects.toMatchObject({
    faults: [{ path: 'delivery', message: expect.stringContaining('CODER_GENERATION v2') }],
  });
});
