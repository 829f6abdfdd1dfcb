import { startCloud } from '../../infra/local/cloud.ts';
import { artifact, image, index, type OciManifest } from '../../infra/local/oci-image.ts';
import { pushImage } from '../../infra/local/push-image.ts';
import type { Tls } from '../../infra/local/tls.ts';
import { openTable } from '../../shared/azure/tables/tables.ts';
import { RegistryInput } from '../../shared/records/registry.ts';
import { putRegistry } from '../../shared/registries/put.ts';
import { createServices } from '../../shared/services.ts';
import { readSettings } from '../../shared/settings.ts';
import { asPusher } from '../support/bridge.ts';
import { newLife } from '../support/mortal.ts';
import { sharedTenant } from '../support/tenant.ts';
import type { Instance } from './instances.ts';

const silent = { info() {}, warn() {}, error() {} };

export const REGISTRIES = ['contoso', 'fabrikam'] as const;
export type RegistryName = (typeof REGISTRIES)[number];
/** What is pushed. */
export interface Content {
  manifest: OciManifest;
  /** Coder is to have it. */
  isImage: boolean;
}

const CHART = artifact({ configMediaType: 'application/vnd.cncf.helm.config.v1+json' });

/** Contents that come up again and again, under other tags and in other repositories. */
export const CONTENTS: readonly Content[] = [
  { manifest: image({ content: 'one' }), isImage: true },
  { manifest: image({ content: 'two' }), isImage: true },
  {
    manifest: index([image({ content: 'three' }), image({ content: 'four', platform: 'linux/arm64' })]),
    isImage: true,
  },
  { manifest: CHART, isImage: false },
];

/** Azure and Coder with two registries, what their owners do there, and instances of the app. */
export type World = Awaited<ReturnType<typeof startWorld>>;

/** An import has this much real time in a history, so that no worker waits long for the lease of one that died. */
const BUDGET_MS = 1_500;
/** Once no worker dies any more, a busy machine must not make imports fail. */
const PATIENT_MS = 30_000;
/** So short that the bridge asks for another each time, which MSAL does from five minutes before the end. */
const TOKEN_SECONDS = 280;
/** On the clock that is moved; far above the budget, so that a busy machine cannot make a lease end too early. */
const LEASE_MS = 30_000;

export async function startWorld(tls: Tls) {
  const cloud = await startCloud({ tls, tenant: await sharedTenant(), registries: ['fabrikam'] });
  Object.assign(process.env, cloud.appSettings);
  cloud.standIns.entra.giveTokensFor(TOKEN_SECONDS);
  const seams = { now: cloud.clock.now, random: Math.random };
  const settings = readSettings({ ...cloud.appSettings, CODER_MAX_CONCURRENT: '4' });
  const registries = {
    contoso: { ...cloud.registry, standIn: cloud.standIns.registry },
    fabrikam: cloud.otherRegistries[0] as (typeof cloud.otherRegistries)[number],
  };
  /** Reads the real state, without any faults. */
  const admin = createServices(settings, seams);

  /** What is gone may have been removed by an attempt of which the answer was lost. */
  async function remove(url: string): Promise<void> {
    const answer = await fetch(url, { method: 'DELETE', headers: asPusher(cloud) });
    if (!answer.ok && answer.status !== 404) throw new Error(`DELETE ${url}: ${answer.status}`);
  }

  return {
    cloud,
    admin,
    resourceId: (name: RegistryName) => registries[name].resourceId,
    loginServer: (name: RegistryName) => registries[name].standIn.loginServer,

    newInstance: (isPatient = false): Instance => {
      const importBudgetMs = isPatient ? PATIENT_MS : BUDGET_MS;
      const services = createServices(settings, { ...seams, importBudgetMs, leaseMs: LEASE_MS });
      return { life: newLife(), services };
    },

    async put(name: RegistryName, policy: object): Promise<void> {
      const { username, password } = cloud.registry.puller;
      const credential = { kind: 'static', username, password };
      const input = RegistryInput.parse({ resourceId: registries[name].resourceId, credential, ...policy });
      await putRegistry(admin, name, input, {}, AbortSignal.timeout(20_000), silent);
    },

    async push(name: RegistryName, repository: string, tag: string, manifest: OciManifest): Promise<string> {
      const { url } = registries[name].standIn;
      const target = { registryUrl: url, ...cloud.registry.pusher, ca: tls.ca };
      return pushImage(target, repository, manifest, tag);
    },

    async untag(name: RegistryName, repository: string, tag: string): Promise<void> {
      const { url } = registries[name].standIn;
      await remove(`${url}/acr/v1/${encodeURIComponent(repository)}/_tags/${tag}`);
    },

    async deleteManifest(name: RegistryName, repository: string, digest: string): Promise<void> {
      const { url } = registries[name].standIn;
      await remove(`${url}/v2/${repository}/manifests/${digest}`);
    },

    async lag(name: RegistryName, lags: boolean): Promise<void> {
      const url = `${registries[name].standIn.url}/_stand-in/lag`;
      await fetch(url, { method: lags ? 'POST' : 'DELETE' });
    },

    async lock(name: RegistryName, repository: string, tag: string): Promise<void> {
      const lock = { repository, reference: tag, readEnabled: false };
      const url = `${registries[name].standIn.url}/_stand-in/locks`;
      await fetch(url, { method: 'POST', body: JSON.stringify(lock) });
    },

    async unlockAll(name: RegistryName): Promise<void> {
      await fetch(`${registries[name].standIn.url}/_stand-in/locks`, { method: 'DELETE' });
    },

    /** Damages one of the registry's rows, or loses a due row. Gives its key, if there is one. */
    async damage(name: RegistryName, which: number): Promise<string | undefined> {
      const { images = [], registries: all = [] } = await cloud.standIns.tables.dump();
      const own = ([...images, ...all] as StoredRow[]).filter(
        row => row.partitionKey === name || (row.partitionKey === 'registry' && row.rowKey === name),
      );
      const row = own[which % Math.max(own.length, 1)];
      if (!row) return undefined;
      const key = { partitionKey: row.partitionKey, rowKey: row.rowKey };
      const table = key.partitionKey === 'registry' ? 'registries' : 'images';
      const client = openTable(settings.TABLES_URL, table, admin.credential);
      if (row.kind === 'due') await client.deleteEntity(key.partitionKey, key.rowKey);
      else await client.updateEntity({ ...key, ...DAMAGE }, 'Merge');
      return key.rowKey;
    },

    async close(): Promise<void> {
      // The tenant is there for others too.
      cloud.standIns.entra.faults.clear();
      cloud.standIns.entra.giveTokensFor();
      await cloud.close();
    },

    clearFaults(): void {
      const others = cloud.otherRegistries.map(({ standIn }) => standIn);
      for (const standIn of [...Object.values(cloud.standIns), ...others]) standIn.faults.clear();
    },

    /** The tags that Coder offers of a registry, with their digests, and the default tags. */
    offered(name: RegistryName) {
      const { registries: known, images } = cloud.standIns.coder.state();
      const ids = known.filter(({ registry }) => registry === registries[name].standIn.loginServer);
      const ours = images.filter(({ registry_id }) => ids.some(({ id }) => id === registry_id));
      return {
        registries: ids.length,
        images: ours.map(({ repository }) => repository).sort(),
        tags: ours
          .filter(({ deprecated }) => !deprecated)
          .flatMap(({ repository, tags }) =>
            tags.map(({ tag, latest_hash }) => `${repository}:${tag} ${latest_hash}`),
          )
          .sort(),
        defaults: Object.fromEntries(
          ours.filter(({ deprecated }) => !deprecated).map(each => [each.repository, each.default_tag]),
        ),
      };
    },

    async dueRows(): Promise<string[]> {
      const { images = [] } = await cloud.standIns.tables.dump();
      const rows = images as StoredRow[];
      return rows.filter(({ kind }) => kind === 'due').map(row => `${row.partitionKey} ${row.rowKey}`);
    },
  };
}

interface StoredRow {
  kind: string;
  rowKey: string;
  partitionKey: string;
}

/** What no row may have, of whatever kind it is. */
const DAMAGE = { state: 'odd', policy: '{', coderId: 5 };
