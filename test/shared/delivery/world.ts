import { image } from '../../../infra/local/oci-image.ts';
import { pullImage } from '../../../infra/local/stand-ins/coder-v2/kubelet/pull.ts';
import type { KubernetesStandIn } from '../../../infra/local/stand-ins/kubernetes/kubernetes.ts';
import { DockerConfig, dockerConfig } from '../../../shared/credentials/docker-config.ts';
import { timeLimit } from '../../../shared/lib/time-limit.ts';
import { RegistryInput, type StoredRegistry } from '../../../shared/records/registry.ts';
import { giveCredential } from '../../../shared/registries/give.ts';
import { putRegistry } from '../../../shared/registries/put.ts';
import { rotate } from '../../../shared/rotation/rotate.ts';
import { createServices, type Services } from '../../../shared/services.ts';
import { readSettings } from '../../../shared/settings.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

export const NAME = 'contoso';
export const SECRET = 'contoso-pull';
export const NAMESPACES = ['coder', 'coder-gpu'];
export const REFRESH_MINUTES = 60;
const REFERENCE = 'team/app:v1';
const SCHEDULE = { rotateEveryHours: 6, graceMinutes: 30 };

export type Delivering = 'kubernetes' | 'key-vault' | 'pull';

/** A registry whose credential is delivered to a cluster, with a clock that the waits of the bridge move. */
export interface DeliveryWorld {
  bridge: Bridge;
  kubernetes: KubernetesStandIn;
  /** A fresh instance of the app: tokens that it keeps do not outlive a move of the clock. */
  readonly services: Services;
  /** An instance of the app. */
  newInstance(): Services;
  /** @throws as a PUT does */
  declare(delivery: object, credential?: { kind: string; tokenName?: string }): Promise<StoredRegistry>;
  /** From now on, another token: passwords of an earlier one stay when its registry is deleted. */
  useAnotherAccount(): void;
  registry(): Promise<StoredRegistry>;
  /** One run of the timer. */
  run(services: Services): Promise<void>;
  /** What each copy in the cluster has; one that was never made is undefined. */
  copies(): (string | undefined)[];
  /** Makes the copies anew, as External Secrets or a job of cron does, where the bridge writes none itself. */
  refresh(kind: Delivering): Promise<void>;
  /** The pretend kubelet pulls with each copy. @throws when the registry refuses it */
  pull(): Promise<void>;
  /** A valid declaration of the kind. */
  declarationOf(kind: Delivering): object;
  close(): Promise<void>;
}

export async function startDeliveryWorld(): Promise<DeliveryWorld> {
  const bridge = await startBridge({ coderGeneration: 'v2' });
  const { cloud, tls } = bridge;
  const kubernetes = cloud.standIns.kubernetes as KubernetesStandIn;
  const { cluster } = kubernetes;
  const { loginServer } = cloud.standIns.registry;
  const settings = readSettings(cloud.appSettings);
  const newInstance = () =>
    createServices(settings, {
      ...{ now: cloud.clock.now, random: Math.random },
      wait: async ms => cloud.clock.advance(ms),
    });
  await bridge.push(REFERENCE, image({ content: 'a workspace' }));

  let accounts = 1;
  const copies = () => NAMESPACES.map(namespace => cluster.text(namespace, SECRET));
  const copy = (text: string) => {
    for (const namespace of NAMESPACES)
      cluster.edit(namespace, SECRET, { '.dockerconfigjson': text }, 'kubernetes.io/dockerconfigjson');
  };

  return {
    ...{ bridge, kubernetes, newInstance, copies },

    get services() {
      return newInstance();
    },

    async declare(delivery, credential = { kind: 'token', tokenName: `pull-${accounts}` }) {
      const input = RegistryInput.parse({
        ...{ resourceId: cloud.registry.resourceId, delivery },
        credential: credential.kind === 'managed-identity' ? credential : { ...SCHEDULE, ...credential },
      });
      const signal = timeLimit(30_000);
      return (await putRegistry(newInstance(), NAME, input, {}, signal, bridge.log)).registry;
    },

    useAnotherAccount() {
      accounts += 1;
    },

    registry: async () => (await newInstance().registries.get(NAME)) as StoredRegistry,
    run: instance => rotate(instance, NAME, timeLimit(60_000), bridge.log),

    async refresh(kind) {
      if (kind === 'key-vault') {
        if (cloud.standIns.keyVault.faults.all().length > 0) return;
        const [text] = cloud.standIns.keyVault.readable(SECRET);
        if (text !== undefined) copy(text);
      }
      if (kind === 'pull') {
        const given = await giveCredential(newInstance(), NAME).catch(() => undefined);
        if (given) copy(JSON.stringify(dockerConfig(loginServer, given.login)));
      }
    },

    async pull() {
      for (const text of copies()) {
        const pullSecret = () => DockerConfig.parse(JSON.parse(text ?? '{}'));
        await pullImage(`${loginServer}/${REFERENCE}`, { ca: tls.ca, reaches: () => true, pullSecret });
      }
    },

    declarationOf: kind =>
      ({
        kubernetes: {
          ...{ kind, server: kubernetes.url, certificateAuthority: tls.ca },
          ...{ namespaces: NAMESPACES, secret: SECRET },
        },
        'key-vault': { kind, secret: SECRET, refreshMinutes: REFRESH_MINUTES },
        pull: { kind, refreshMinutes: REFRESH_MINUTES },
      })[kind],

    close: () => bridge.close(),
  };
}
