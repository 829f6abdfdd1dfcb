import { expect } from 'vitest';
import type { OciManifest } from '../../../infra/local/oci-image.ts';
import type { Login } from '../../../shared/azure/acr/tokens.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { RegistryInput, type StoredRegistry } from '../../../shared/records/registry.ts';
import { putRegistry } from '../../../shared/registries/put.ts';
import { requestRotation } from '../../../shared/rotation/request.ts';
import { rotate } from '../../../shared/rotation/rotate.ts';
import { createServices, type Services } from '../../../shared/services.ts';
import { readSettings } from '../../../shared/settings.ts';
import { type Bridge, pushEvent, startBridge } from '../../support/bridge.ts';

export const KINDS = ['admin', 'service-principal', 'entra-identity', 'token'] as const;
export type RotatingKind = (typeof KINDS)[number];

const NAME = 'contoso';
const ROTATE_EVERY_HOURS = 24;
const GRACE_MINUTES = 30;

/** A registry whose credential the bridge rotates, in a cloud whose clock the waits of the bridge move. */
export interface RotationWorld {
  bridge: Bridge;
  /** Does something once, in the middle of the next run that waits. */
  meanwhile(what: () => Promise<unknown>): void;
  /** An instance of the app. */
  newInstance(): Services;
  add(kind: RotatingKind): Promise<void>;
  /** Changes what is declared of it. */
  declare(more: object): Promise<void>;
  pushed(reference: string, manifest: OciManifest): Promise<void>;
  registry(): Promise<StoredRegistry>;
  /** What Coder holds of the registry; undefined until Coder has it. */
  held(): Login | undefined;
  /** What the registry says of a login, as a client would be told. */
  isAccepted(login: Login | undefined): Promise<boolean>;
  /** One run of the timer. */
  run(services: Services): Promise<void>;
  /** Runs of the timer until there is nothing left to do now, the grace period included. */
  untilQuiet(services?: Services, afterEach?: () => Promise<void>): Promise<void>;
  /** Until Coder holds another password, and the old one's grace period is over. */
  untilRotated(before: string | undefined): Promise<void>;
  request(): Promise<void>;
  compromise(): Promise<void>;
  /** @returns false when that is impossible for the kind */
  breakCurrent(kind: RotatingKind): Promise<boolean>;
  changeInCoder(change: object): Promise<void>;
  loseSecret(): Promise<void>;
  /** Coder holds what the record says and the registry accepts, and nothing is left over. */
  expectSound(): Promise<void>;
  close(): Promise<void>;
}

const MOST_RUNS = 60;
/** Between two runs. The timer is faster, but goes by the same clock, and finds nothing to do in most of its runs. */
const RUN_EVERY_MS = 600_000;
/** What Entra gives ends after three hours; the others are good for days. */
const LOOK_EVERY_MS = {
  'entra-identity': 3_600_000,
  admin: 14_400_000,
  'service-principal': 14_400_000,
  token: 14_400_000,
};

/** Key Vault keeps times in seconds. */
const inSeconds = (time: Date) => new Date(Math.floor(time.getTime() / 1_000) * 1_000);

export async function startRotationWorld(): Promise<RotationWorld> {
  const bridge = await startBridge();
  const { cloud } = bridge;
  const { arm, graph, keyVault, coder, registry: acr } = cloud.standIns;
  const { resourceId } = cloud.registry;
  let kindNow: RotatingKind = 'admin';
  let meanwhile: (() => Promise<unknown>) | undefined;

  function newInstance(): Services {
    return createServices(readSettings(cloud.appSettings), {
      now: cloud.clock.now,
      random: Math.random,
      async wait(ms) {
        const what = meanwhile;
        meanwhile = undefined;
        await what?.();
        cloud.clock.advance(ms);
      },
    });
  }
  const services = newInstance();

  async function registry(): Promise<StoredRegistry> {
    return (await services.registries.get(NAME)) as StoredRegistry;
  }

  const held = (): Login | undefined => {
    const [known] = coder.state().registries;
    return known && { username: known.credential.username, password: known.credential.password };
  };

  const run = (instance: Services) => rotate(instance, NAME, AbortSignal.timeout(30_000), bridge.log);

  async function isQuiet(): Promise<boolean> {
    const { rotation } = await registry();
    const { current, candidate, earlier, leaseUntil, requestedOn, refusedSince, lastResult } = rotation;
    const isHeld = leaseUntil && leaseUntil > cloud.clock.now();
    const isAsked = requestedOn && current && current.issuedOn < requestedOn;
    const isOpen = isAsked && lastResult?.outcome !== 'failed';
    return Boolean(current && !candidate && !earlier && !refusedSince && !isHeld && !isOpen);
  }

  async function untilQuiet(instance = services, afterEach = async () => {}): Promise<void> {
    for (let i = 0; i < MOST_RUNS; i += 1) {
      await run(instance);
      await afterEach();
      if (await isQuiet()) return;
      cloud.clock.advance(RUN_EVERY_MS);
    }
    expect.unreachable(`still busy: ${JSON.stringify((await registry()).rotation)}`);
  }

  async function isAccepted(login: Login | undefined): Promise<boolean> {
    if (!login) return true;
    const query = new URLSearchParams({ service: acr.loginServer, scope: 'repository:team/app:pull' });
    const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    for (;;) {
      const answer = await fetch(`${acr.url}/oauth2/token?${query}`, { headers: { authorization } }).catch(
        () => undefined,
      );
      await answer?.body?.cancel();
      // Any other fault of the test happens this number of times.
      if (answer?.status === 200 || answer?.status === 401) return answer.ok;
    }
  }

  const declared = {
    admin: { kind: 'admin' },
    'service-principal': { kind: 'service-principal', appId: cloud.servicePrincipal.appId },
    'entra-identity': { kind: 'entra-identity' },
    token: { kind: 'token' },
  };

  async function declare(more: object = {}): Promise<void> {
    const schedule = { rotateEveryHours: ROTATE_EVERY_HOURS, graceMinutes: GRACE_MINUTES };
    const input = RegistryInput.parse({
      resourceId,
      credential: { ...declared[kindNow], ...schedule },
      ...more,
    });
    await putRegistry(services, NAME, input, {}, AbortSignal.timeout(30_000), bridge.log);
  }

  return {
    run,
    meanwhile(what) {
      meanwhile = what;
    },
    ...{ bridge, newInstance, registry, held, isAccepted, untilQuiet },

    async add(kind) {
      kindNow = kind;
      arm.changeRegistry(resourceId, { adminUserEnabled: kind === 'admin' });
      await declare();
    },
    declare,

    async pushed(reference, manifest) {
      await bridge.push(reference, manifest);
      await handleEvent(services, pushEvent(resourceId, reference, cloud.clock.now()), bridge.log);
    },

    async untilRotated(before) {
      for (let i = 0; i < MOST_RUNS && held()?.password === before; i += 1) {
        cloud.clock.advance(LOOK_EVERY_MS[kindNow]);
        await run(services);
        expect(await isAccepted(held()), 'Coder holds what the registry refuses').toBe(true);
      }
      await untilQuiet();
    },

    async request() {
      await requestRotation(services, NAME, false);
    },
    async compromise() {
      await requestRotation(services, NAME, true);
    },

    async breakCurrent(kind) {
      const { current } = (await registry()).rotation;
      const slot = current?.slot ?? '';
      if (kind === 'admin') arm.accounts(resourceId).admin.regenerate(slot as 'password');
      if (kind === 'token')
        arm.accounts(resourceId).tokens.removePassword(current?.username ?? '', slot as 'password1');
      if (kind === 'service-principal') graph.application(cloud.servicePrincipal.appId)?.remove(slot);
      // Switching to ABAC mode ends every token that the registry issued.
      if (kind === 'entra-identity')
        arm.changeRegistry(resourceId, { roleAssignmentMode: 'AbacRepositoryPermissions' });
      return true;
    },

    async changeInCoder(change) {
      const [known] = coder.state().registries;
      cloud.clock.advance(1_000);
      await bridge.askCoder('PATCH', `/api/v0/registries/${known?.id}`, change);
    },

    async loseSecret() {
      for (const name of secretNames()) await services.vault.remove(name);
    },

    async expectSound() {
      const { rotation } = await registry();
      const [password, ...others] = secretNames().flatMap(name => keyVault.readable(name));
      expect(others, 'unused secrets in Key Vault').toEqual([]);
      expect(rotation).not.toHaveProperty('candidate');
      expect(rotation).not.toHaveProperty('earlier');
      const [secret] = (await services.vault.list({ registry: NAME })).filter(
        ({ name }) => name === rotation.current?.secretName,
      );
      const { expiresOn } = rotation.current ?? {};
      expect(secret?.expiresOn, 'the end in Key Vault').toEqual(expiresOn && inSeconds(expiresOn));
      expect(held()).toEqual({ username: rotation.current?.username, password });
      expect(await isAccepted(held()), 'Coder holds what the registry refuses').toBe(true);
      const slots = leftOver();
      expect(slots, 'unused passwords').toEqual(kindNow === 'entra-identity' ? [] : [rotation.current?.slot]);
    },

    close: () => bridge.close(),
  };

  /** Names of the secrets that hold passwords of the registry. */
  function secretNames(): string[] {
    return Object.keys(keyVault.values()).filter(name => name.startsWith(`registry-${NAME}-`));
  }

  /** Every valid password of the kind. The administrator always has two. */
  function leftOver(): (string | undefined)[] {
    if (kindNow === 'token') {
      return arm
        .accounts(resourceId)
        .tokens.all()
        .flatMap(({ passwords }) => passwords.map(({ name }) => name));
    }
    if (kindNow === 'service-principal') {
      return (graph.application(cloud.servicePrincipal.appId)?.secrets() ?? []).map(({ keyId }) => keyId);
    }
    if (kindNow === 'admin') {
      const { password } = held() ?? {};
      const mine = arm
        .accounts(resourceId)
        .admin.passwords()
        .filter(({ value }) => value === password);
      return mine.map(({ name }) => name);
    }
    return [];
  }
}
