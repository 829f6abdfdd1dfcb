import { createVaultSecrets } from '../../../../infra/local/stand-ins/key-vault/secrets.ts';
import type { Login } from '../../../../shared/azure/acr/tokens.ts';
import type { ArmCredentials } from '../../../../shared/azure/arm/credentials.ts';
import type { Graph } from '../../../../shared/azure/graph.ts';
import type { Vault } from '../../../../shared/azure/key-vault/vault.ts';
import type { LeasedRows } from '../../../../shared/azure/tables/leased-rows.ts';
import type { ClassicClient } from '../../../../shared/coder/classic/client.ts';
import { createClassicHolder } from '../../../../shared/coder/classic/holder.ts';
import type { ClassicRegistryRow } from '../../../../shared/coder/classic/memory.ts';
import { createClassicRegistries } from '../../../../shared/coder/classic/registries.ts';
import { dockerConfig } from '../../../../shared/credentials/docker-config.ts';
import { StoredState, secretNameOf } from '../../../../shared/credentials/state.ts';
import { createDeliveryHolder } from '../../../../shared/delivery/holder.ts';
import { ConflictError, CredentialError, ServiceError, StorageError } from '../../../../shared/errors.ts';
import { RegistryInput, type StoredRegistry } from '../../../../shared/records/registry.ts';
import { putRegistry, type RegistryServices } from '../../../../shared/registries/put.ts';
import { requestRotation } from '../../../../shared/rotation/request.ts';
import { rotate } from '../../../../shared/rotation/rotate.ts';
import { APP_ID, type AzureModel, HOST, type Mood, REPOSITORY, RESOURCE_ID, TOKEN_USER } from './azure.ts';
import {
  type Calls,
  type Counts,
  createCalls,
  type Health,
  type Life,
  live,
  newLife,
  type Service,
} from './calls.ts';
import { createCopies, declaredDelivery, type Holding, SECRET } from './copies.ts';

export const KINDS = ['token', 'service-principal', 'entra-identity', 'admin'] as const;
export type RotatingKind = (typeof KINDS)[number];

/** How Key Vault answers, beside being well or away. */
export const VAULT_MOODS = [
  /** A policy: secrets must have an end. */
  'wants-ends',
  /** It stores nothing, and removes nothing. */
  'takes-no-changes',
  /** What is deleted is not gone yet. */
  'is-still-deleting',
] as const;
export type VaultMood = 'well' | (typeof VAULT_MOODS)[number];

/** Moods in which the registry takes the bridge's identity. */
const EXCHANGES: readonly Mood[] = ['well', 'lies', 'refuses-logins', 'hides-its-repositories'];

const NAME = 'contoso';
const ORGANIZATION = 'org';
const BY_HAND = { username: 'typed', password: 'by hand' };

/** The state of the two tables. */
interface Tables {
  registry: string | undefined;
  link: string | undefined;
  etag: number;
}

/** Coder Classic with one registry and one image; undefined before the first import. */
interface CoderState {
  registry: { id: string; username: string; password: string; updatedAt: string } | undefined;
  /** It refuses the session token. */
  refusesSession: boolean;
  changes: number;
}

export type BridgeModel = ReturnType<typeof createBridgeModel>;

interface BridgeOptions {
  azure: AzureModel;
  deploymentId: string;
  policy: string;
  holding: Holding;
  counts: Counts;
  /** Looks at the world around each call that changes something. */
  around(bridge: string, what: string, work: () => Promise<unknown>): Promise<unknown>;
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** One deployment of the bridge with its own tables, Key Vault and Coder. */
export function createBridgeModel(options: BridgeOptions) {
  const { azure, deploymentId, policy, holding, counts, around } = options;
  let tables: Tables = { registry: undefined, link: undefined, etag: 0 };
  /** When each password was stored. */
  const storedAt = new Map<string, number>();
  const snapshots: { at: number; tables: Tables }[] = [];
  const vault = createVaultSecrets(azure.now, azure.secrets);
  const coder: CoderState = { registry: undefined, refusesSession: false, changes: 0 };
  const vaultIs: { mood: VaultMood } = { mood: 'well' };
  const health = new Map<Service, Health>();
  const isOk = (service: Service): Health =>
    service === 'registry' ? 'well' : (health.get(service) ?? 'well');

  /** Version of the secret that was fetched last. */
  let fetched: string | undefined;
  const copies = holding === 'coder' ? undefined : createCopies(azure, toCopy);
  const held = (): Login | undefined =>
    copies
      ? copies.held()
      : coder.registry && { username: coder.registry.username, password: coder.registry.password };

  /** What the vault or the bridge gives to those who copy it. */
  function toCopy(): string | undefined {
    if (health.get('vault') === 'away') return undefined;
    const read = (name: string) => vault.find(name)?.versions[0].value;
    if (holding === 'key-vault') return read(SECRET);
    if (health.get('tables') === 'away' || !tables.registry) return undefined;
    const { rotation } = JSON.parse(tables.registry);
    const { current } = StoredState.parse(rotation);
    const password = current && read(secretNameOf(NAME, current));
    if (!password) return undefined;
    fetched = current.secretVersion;
    return JSON.stringify(dockerConfig(HOST, { username: current.username, password }));
  }

  function instance(life: Life): RegistryServices {
    const calls = createCalls(life, isOk, away, counts, (what, work) => around(deploymentId, what, work));
    const registries = createRegistries(calls);
    const found = createVault(calls);
    const client = createCoder(calls);
    const registry = createRegistry(calls);
    const memory = { registries: createRows(calls), repositories: createRows(calls) } as never;
    const links = createClassicRegistries({
      ...{ coder: client, memory, vault: found, organizationId: ORGANIZATION },
      ...{ acrKind: { field: 'kind', value: 'acr' }, findRegistry: registries.get },
    });
    const classic = { coder: client, registries: links, vault: found, acceptsLogin: registry.acceptsLogin };
    const delivering = {
      ...{ vault: found, now: azure.now, findRegistry: registries.get },
      lastFetched: async () => fetched,
      pullSecrets: undefined as never,
    };
    const holder = copies ? createDeliveryHolder(delivering) : createClassicHolder(classic);
    return {
      ...{ registries, deploymentId, vault: found, holder, now: azure.now, ...registry },
      ...{ armCredentials: createArm(calls), graph: createGraph(calls) },
      publish: async () => {},
      async wait(ms: number) {
        azure.advance(ms);
      },
      arm: {
        describeRegistry: async () => ({
          loginServer: HOST,
          sku: 'Premium',
          abac: false,
          adminEnabled: true,
        }),
        findRegistryId: async () => RESOURCE_ID,
      },
      ...{ target: { refuse: async () => {} }, isAllowedHost: () => true, importBudgetMs: 20_000 },
      links,
    } as unknown as RegistryServices;
  }

  function createRegistries(calls: Calls): RegistryServices['registries'] {
    const read = (): StoredRegistry | undefined => {
      if (!tables.registry) return undefined;
      const { rotation, createdOn, updatedOn, ...rest } = JSON.parse(tables.registry);
      const state = StoredState.parse(rotation);
      return { ...rest, rotation: state, createdOn: new Date(createdOn), updatedOn: new Date(updatedOn) };
    };
    return {
      get: () => calls.make('tables', 'read', read),
      findByResourceId: async () => undefined,
      list: async () => ({ items: [] }),
      async *each() {},
      save: (registry: object, previous: { etag: string } | undefined) =>
        calls.make('tables', 'save', () => {
          if ((previous?.etag ?? undefined) !== read()?.etag) throw new ConflictError('changed');
          const etag = String(tables.etag + 1);
          tables = { ...tables, registry: JSON.stringify({ ...registry, etag }), etag: tables.etag + 1 };
          return etag;
        }),
      remove: () =>
        calls.make('tables', 'delete', () => {
          tables = { ...tables, registry: undefined, link: undefined };
        }),
    } as unknown as RegistryServices['registries'];
  }

  /** A lease of 30 seconds; an instance that dies leaves it behind. */
  let lockedUntil = 0;
  function createRows(calls: Calls): LeasedRows<ClassicRegistryRow> {
    const read = () => calls.make('tables', 'read link', () => JSON.parse(tables.link ?? '{}'));
    return {
      read,
      readIntact: read,
      async *each() {},
      async withLease(_key, _signal, work) {
        const now = azure.now().getTime();
        if (lockedUntil > now) throw new ServiceError('coder-busy', 'another one');
        const until = now + 30_000;
        lockedUntil = until;
        try {
          const link = await read();
          const save = () =>
            calls.make('tables', 'save link', () => {
              tables = { ...tables, link: JSON.stringify(link) };
            });
          const result = await work(link, false, save);
          await save();
          return result;
        } finally {
          if (lockedUntil === until) lockedUntil = 0;
        }
      },
    };
  }

  /** @throws CredentialError, ServiceError as the vault's mood is */
  function refuseChange(expiresOn?: Date): void {
    const { mood } = vaultIs;
    if (mood === 'well' || (mood === 'wants-ends' && expiresOn)) return;
    counts.refusals += 1;
    if (mood === 'wants-ends') throw new CredentialError('disallowed-by-policy', 'secrets must have an end');
    if (mood === 'takes-no-changes') throw new ServiceError('secrets-forbidden', 'it takes no changes');
    throw new ServiceError('secrets-unavailable', 'still being deleted', { retryable: true });
  }

  function createVault(calls: Calls): Vault {
    const find = (name: string, version?: string) => {
      const secret = vault.find(name)?.versions.find(({ id }) => !version || id === version);
      return secret && secret.attributes.enabled !== false ? secret : undefined;
    };
    return {
      read: (name, version) =>
        calls.make('vault', 'read', () => {
          const secret = find(name, version);
          if (!secret) throw new ServiceError('secrets-forbidden', `no secret ${name}, or it is disabled`);
          return secret.value;
        }),
      find: (name, version) => calls.make('vault', 'find', () => find(name, version)?.value),
      write: (name, value, { expiresOn, tags } = {}) =>
        calls.make('vault', 'write', () => {
          refuseChange(expiresOn);
          storedAt.set(value, azure.now().getTime());
          const attributes = expiresOn ? { exp: Math.floor(expiresOn.getTime() / 1_000) } : {};
          return vault.set(name, value, { attributes, ...(tags && { tags }) }).versions[0].id;
        }),
      list: wanted =>
        calls.make('vault', 'list', () =>
          vault.all().flatMap(({ name, versions: [{ tags = {}, created, attributes }] }) => {
            const isWanted = Object.entries(wanted).every(([tag, value]) => tags[tag] === value);
            if (!isWanted || attributes.enabled === false) return [];
            const expiresOn = attributes.exp ? new Date(attributes.exp * 1_000) : undefined;
            return [{ name, tags, createdOn: new Date(created * 1_000), ...(expiresOn && { expiresOn }) }];
          }),
        ),
      newest: name =>
        calls.make('vault', 'newest', () => {
          const secret = find(name);
          return secret && { version: secret.id, value: secret.value, tags: secret.tags ?? {} };
        }),
      disable: (name, version) =>
        calls.make('vault', 'disable', () => {
          refuseChange(azure.now());
          const secret = find(name, version);
          if (secret) vault.update(secret, { attributes: { enabled: false } });
        }),
      proveWrite: async () => {},
      describe: (name, version, { tags = {} }) =>
        calls.make('vault', 'describe', () => {
          refuseChange(azure.now());
          const secret = find(name, version);
          if (secret) vault.update(secret, { attributes: {}, tags });
        }),
      remove: name =>
        calls.make('vault', 'remove', () => {
          refuseChange(azure.now());
          vault.softDelete(name);
        }),
    };
  }

  function createArm(calls: Calls): ArmCredentials {
    const { tokens, scopeMaps, admin } = azure.accounts;
    const on = () => {
      if (!azure.registry.adminUserEnabled) throw new CredentialError('admin-disabled', 'it is off');
    };
    const list = () => ({
      username: admin.username,
      passwords: Object.fromEntries(admin.passwords().map(({ name, value }) => [name, value])),
    });
    const idOf = (map: string) => `${RESOURCE_ID}/scopeMaps/${map}`;
    return {
      listAdminPasswords: () =>
        calls.make('arm', 'list admin', () => {
          on();
          return list();
        }),
      regenerateAdminPassword: (_id, name) =>
        calls.make('arm', `regenerate ${name}`, () => {
          on();
          admin.regenerate(name as 'password');
          return list();
        }),
      findScopeMap: (_id, name) =>
        calls.make('arm', 'scope map', () => {
          const map = scopeMaps.find(name);
          return map && { description: map.description, actions: [...map.actions] };
        }),
      putScopeMap: (_id, name, map) =>
        calls.make('arm', `put scope map ${name}`, () => void scopeMaps.put(name, map)),
      findToken: (_id, name) =>
        calls.make('arm', 'token', () => {
          const token = tokens.find(name);
          if (!token) return undefined;
          const passwords = token.passwords.filter(({ expiry }) => !expiry || expiry > azure.now());
          return {
            enabled: token.status === 'enabled',
            scopeMap: token.scopeMapId.split('/').at(-1) ?? '',
            passwords: Object.fromEntries(passwords.map(({ name: slot, createdAt }) => [slot, createdAt])),
          };
        }),
      countTokens: () => calls.make('arm', 'count', () => tokens.all().length),
      createToken: (_id, name, map) =>
        calls.make('arm', `create token ${name}`, () => {
          tokens.put(name, { scopeMapId: idOf(map), status: 'enabled' });
        }),
      deleteToken: (_id, name) => calls.make('arm', `remove token ${name}`, () => void tokens.delete(name)),
      deleteScopeMap: (_id, name) =>
        calls.make('arm', `remove map ${name}`, () => void scopeMaps.delete(name)),
      changeScopeMap: (_id, name, map) =>
        calls.make('arm', `point token ${name}`, () => void tokens.put(name, { scopeMapId: idOf(map) })),
      generateTokenPassword: (_id, name, slot, expiry) =>
        calls.make('arm', `generate ${name} ${slot}`, () => {
          if (!tokens.find(name)) throw new CredentialError('azure-refused', 'no such token');
          const [made] = tokens.generate(name, [slot as 'password1'], expiry);
          return { password: made?.value as string, createdOn: made?.createdAt };
        }),
      removeTokenPassword: (_id, name, slot) =>
        calls.make('arm', `remove ${name} ${slot}`, () => {
          if (tokens.find(name)) tokens.removePassword(name, slot as 'password1');
        }),
    };
  }

  function createGraph(calls: Calls): Graph {
    const { application } = azure;
    return {
      listSecrets: () =>
        calls.make('graph', 'list', () =>
          application
            .secrets()
            .map(({ keyId, displayName, start }) => ({ keyId, displayName, startDateTime: start })),
        ),
      addSecret: (_app, { displayName, expiresOn }) =>
        calls.make('graph', 'add', () => application.add({ displayName, end: expiresOn })),
      removeSecret: (_app, keyId) => calls.make('graph', 'remove', () => void application.remove(keyId)),
    };
  }

  /** The registry as the bridge meets it in its present mood. */
  function createRegistry(
    calls: Calls,
  ): Pick<RegistryServices, 'exchange' | 'provePull' | 'acceptsLogin' | 'acr'> {
    const refuse = (reason: 'registry-unauthorized' | 'registry-unavailable') => {
      counts.refusals += 1;
      return new ServiceError(reason, `${HOST}: ${azure.world.mood}`);
    };
    const { mayPull } = azure;
    const login = (given: Login, repository: string | undefined) => {
      const { mood } = azure.world;
      if (mood === 'away') throw refuse('registry-unavailable');
      if (mood === 'denies-the-bridge') throw refuse('registry-unauthorized');
      const isWell = mood === 'well' || mood === 'hides-its-repositories';
      const isRefused = mood === 'lies' ? given.username !== TOKEN_USER : !isWell;
      if (isRefused) counts.refusals += 1;
      if (isRefused || !azure.accepts(given)) return 'refused';
      return repository && !mayPull(given) ? 'no-rights' : 'accepted';
    };
    return {
      exchange: () =>
        calls.make('registry', 'exchange', () => {
          const { mood } = azure.world;
          if (mood === 'away') throw refuse('registry-unavailable');
          if (!EXCHANGES.includes(mood)) throw refuse('registry-unauthorized');
          return azure.exchange();
        }),
      provePull: ({ repository }, given) =>
        calls.make('registry', 'prove', () => {
          const result = login(given, repository);
          return result === 'accepted' ? { works: true } : { works: false, why: result, message: 'no' };
        }),
      acceptsLogin: (_host, given) =>
        calls.make('registry', 'login', () => login(given, undefined) === 'accepted'),
      acr: {
        checkAccess: async () => {},
        async *listRepositories() {
          await calls.make('registry', 'list', () => {
            const { mood } = azure.world;
            if (mood === 'away' || mood === 'hides-its-repositories') throw refuse('registry-unavailable');
            if (!EXCHANGES.includes(mood)) throw refuse('registry-unauthorized');
          });
          yield REPOSITORY;
        },
      } as unknown as RegistryServices['acr'],
    };
  }

  function createCoder(calls: Calls): ClassicClient {
    const call = <T>(what: string, work: () => T) =>
      calls.make('coder', what, () => {
        if (!coder.refusesSession) return work();
        counts.refusals += 1;
        throw new ServiceError('coder-unauthorized', 'the session token');
      });
    const view = () =>
      coder.registry && { id: coder.registry.id, registry: HOST, updated_at: coder.registry.updatedAt };
    const reachesRegistry = () =>
      ['well', 'denies-the-bridge', 'refuses-the-bridge', 'hides-its-repositories'].includes(
        azure.world.mood,
      );
    return {
      listRegistries: () => call('list', () => [view()].filter(known => known !== undefined)),
      getRegistry: () => call('get', view),
      updateRegistry: (_id: string, change: { username?: string; password?: string }) =>
        call('give', () => {
          if (!coder.registry) return false;
          changeInCoder(change);
          return true;
        }),
      listImages: () => call('list images', () => [{ id: 'image', registry: view() }]),
      refreshTags: () =>
        call('refresh', () => {
          const login = held();
          if (reachesRegistry() && login && azure.knows(login) && azure.mayPull(login)) return;
          throw new ServiceError('coder-rejected', 'unable to ping registry');
        }),
    } as unknown as ClassicClient;
  }

  function changeInCoder(change: { username?: string; password?: string }): void {
    if (holding === 'key-vault')
      vault.set(SECRET, JSON.stringify(dockerConfig(HOST, BY_HAND)), { attributes: {} });
    copies?.renew();
    if (!coder.registry) return;
    coder.changes += 1;
    coder.registry = {
      ...coder.registry,
      ...change,
      updatedAt: `${azure.now().toISOString()} ${coder.changes}`,
    };
  }

  const signal = new AbortController().signal;
  const credentials = {
    token: { kind: 'token' },
    'service-principal': { kind: 'service-principal', appId: APP_ID },
    'entra-identity': { kind: 'entra-identity' },
    admin: { kind: 'admin' },
  };

  let compromisedAt = Number.NEGATIVE_INFINITY;

  return {
    /** Whether what Coder holds was reported as compromised. */
    isCompromised(): boolean {
      const at = storedAt.get(held()?.password ?? '');
      return at !== undefined && at <= compromisedAt;
    },
    /** Whether it tests a new credential, which Coder does not have yet. */
    isTesting: (): boolean => JSON.parse(tables.registry ?? '{}').rotation?.candidate !== undefined,
    ...{ deploymentId, coder, held, changeInCoder, health, vault, vaultIs, instance },
    /** A person declares the registry. */
    async declare(kind: RotatingKind, more: object = {}): Promise<void> {
      const schedule = { rotateEveryHours: 12, graceMinutes: copies ? 5 : 60 };
      const input = RegistryInput.parse({
        resourceId: RESOURCE_ID,
        credential: { ...credentials[kind], ...schedule, ...more },
        policy: { rules: [{ repository: policy }] },
        ...(holding !== 'coder' && { delivery: declaredDelivery(holding) }),
      });
      await putRegistry(instance(newLife()), NAME, input, {}, signal, quiet);
    },
    /** Coder imports the first image, and with it the registry; or the first copy is made. */
    async import(): Promise<void> {
      if (copies) return copies.renew();
      const services = instance(newLife()) as RegistryServices & {
        links: ReturnType<typeof createClassicRegistries>;
      };
      const registry = (await services.registries.get(NAME)) as StoredRegistry;
      await services.links.withRegistry(registry, signal, async given => {
        const added = 'new_registry' in given ? given.new_registry : undefined;
        if (added) {
          const { username = '', password = '' } = added;
          coder.registry = { id: 'registry', username, password, updatedAt: azure.now().toISOString() };
        }
        return { registry: { id: 'registry', registry: HOST, updated_at: coder.registry?.updatedAt } };
      });
    },
    /** One run of the timer. */
    run(life = newLife()): Promise<void> {
      return live(life, () => rotate(instance(life), NAME, signal, quiet).catch(ignoreStorageError));
    },
    async request(compromised: boolean): Promise<void> {
      if (compromised) compromisedAt = azure.now().getTime();
      await requestRotation(instance(newLife()), NAME, compromised).catch(ignoreStorageError);
    },
    async registry(): Promise<StoredRegistry | undefined> {
      const before = health.get('tables');
      health.delete('tables');
      const found = await instance(newLife()).registries.get(NAME);
      if (before) health.set('tables', before);
      return found;
    },
    keepSnapshot(): void {
      snapshots.push({ at: azure.now().getTime(), tables });
    },
    loseTables(): void {
      tables = { registry: undefined, link: undefined, etag: tables.etag + 1 };
      fetched = undefined;
    },
    /** A person restores the tables as they were a day before, or at the beginning. */
    restoreTables(): void {
      const dayBefore = azure.now().getTime() - 86_400_000;
      const kept = snapshots.findLast(({ at }) => at <= dayBefore) ?? snapshots[0];
      if (kept) tables = { ...kept.tables };
      // A job that fetches it now gets what the old record says.
      if (holding === 'pull') copies?.renew();
    },
  };
}

function ignoreStorageError(error: unknown): void {
  if (
    !(
      error instanceof StorageError ||
      error instanceof ConflictError ||
      error instanceof CredentialError ||
      error instanceof ServiceError
    )
  )
    throw error;
}

function away(service: Service): Error {
  const why = `${service} is away`;
  if (service === 'tables') return new StorageError(why);
  if (service === 'graph') return new CredentialError('graph-unavailable', why);
  if (service === 'vault') return new ServiceError('secrets-unavailable', why);
  if (service === 'coder') return new ServiceError('coder-unavailable', why);
  return new ServiceError('registry-unavailable', why);
}
