import fc from 'fast-check';
import type { Login } from '../../../../shared/azure/acr/tokens.ts';
import { type AzureModel, createAzureModel, MOODS, type Mood, TOKEN_USER } from './azure.ts';
import {
  type BridgeModel,
  createBridgeModel,
  type RotatingKind,
  VAULT_MOODS,
  type VaultMood,
} from './bridge.ts';
import { type Counts, newLife, SERVICES } from './calls.ts';
import type { Holding } from './copies.ts';

// A history is what happens to two deployments of the bridge at one registry. After every call of each of them, what
// their Coders hold is accepted, or was taken away by a person or by a reported compromise.

type Who = 0 | 1;

/** One thing that happens. */
export type Event =
  | { do: 'wait'; minutes: number }
  /** The timers do not run meanwhile. */
  | { do: 'sleep'; minutes: number }
  | { do: 'run'; who: Who; both: boolean; diesAfter?: number | undefined; last: 'done' | 'lost' }
  | { do: 'registry'; mood: Mood; minutes: number }
  | { do: 'away'; who: Who; service: (typeof SERVICES)[number]; minutes: number }
  | { do: 'vault'; who: Who; mood: VaultMood; minutes: number }
  | { do: 'session-refused'; who: Who; refused: boolean }
  | { do: 'request'; who: Who; compromised: boolean }
  | { do: 'person-kills'; who: Who; which: 'current' | 'both' }
  | { do: 'person-disables'; who: Who }
  /** In Key Vault: all of them, for some minutes. */
  | { do: 'person-hides-secrets'; who: Who; how: 'disabled' | 'deleted'; minutes: number }
  | { do: 'person-edits-coder'; who: Who }
  | { do: 'person-edits-map'; who: Who }
  | { do: 'tables-lost'; who: Who }
  | { do: 'tables-restored'; who: Who };

const who = fc.constantFrom<Who>(0, 1);
const often = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 10, 45, 70, 400) }),
  fc.record({
    ...{ do: fc.constant('run' as const), who, both: fc.boolean() },
    diesAfter: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 2 }),
    last: fc.constantFrom('done' as const, 'lost' as const),
  }),
  fc.record({ do: fc.constant('request' as const), who, compromised: fc.constant(false) }),
);
const troubles = fc.oneof(
  fc.record({
    ...{ do: fc.constant('registry' as const), mood: fc.constantFrom(...MOODS) },
    minutes: fc.constantFrom(1, 8, 70),
  }),
  fc.record({
    ...{ do: fc.constant('away' as const), who, service: fc.constantFrom(...SERVICES) },
    minutes: fc.constantFrom(1, 20),
  }),
  fc.record({
    ...{ do: fc.constant('vault' as const), who, mood: fc.constantFrom(...VAULT_MOODS) },
    minutes: fc.constantFrom(1, 20, 70),
  }),
  fc.record({ do: fc.constant('session-refused' as const), who, refused: fc.boolean() }),
);
const people = fc.oneof(
  fc.record({ do: fc.constant('request' as const), who, compromised: fc.constant(true) }),
  fc.record({
    ...{ do: fc.constant('person-kills' as const), who },
    which: fc.constantFrom('current' as const, 'both' as const),
  }),
  fc.record({ do: fc.constant('person-disables' as const), who }),
  fc.record({
    ...{ do: fc.constant('person-hides-secrets' as const), who },
    how: fc.constantFrom('disabled' as const, 'deleted' as const),
    minutes: fc.constantFrom(1, 20),
  }),
  fc.record({ do: fc.constant('person-edits-coder' as const), who }),
  fc.record({ do: fc.constant('person-edits-map' as const), who }),
  fc.record({ do: fc.constant('tables-lost' as const), who }),
  fc.record({ do: fc.constant('tables-restored' as const), who }),
);
export const history: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: often },
    { weight: 3, arbitrary: troubles },
    { weight: 2, arbitrary: people },
  ),
  { minLength: 4, maxLength: 24 },
);

const MINUTE_MS = 60_000;
const DEPLOYMENTS = ['alpha', 'beta'] as const;
const POLICIES = ['team/**', 'team/app'] as const;
/** A person decides about these; Coder keeps what it holds meanwhile. */
const NEEDS_A_PERSON = ['no-free-password', 'belongs-to-others', 'coder-unauthorized'];

/** Only one deployment can have the administrator account. */
export function deploymentsOf(kind: RotatingKind): number {
  return kind === 'admin' ? 1 : 2;
}

export async function startWorld(
  kind: RotatingKind,
  counts: Counts,
  bridges = deploymentsOf(kind),
  holding: Holding = 'coder',
) {
  const azure = createAzureModel();
  const world: World = {
    azure,
    models: [],
    story: [],
    kind,
    holding,
    broken: undefined,
    troubledUntil: 0,
    actedAt: 0,
    excused: new Set(),
  };
  const around = (by: string, what: string, work: () => Promise<unknown>) =>
    watched(world, `${by} ${what}`, work);
  for (let i = 0; i < bridges; i += 1) {
    const [deploymentId, policy] = [DEPLOYMENTS[i] as string, POLICIES[i] as string];
    world.models.push(createBridgeModel({ azure, deploymentId, policy, holding, counts, around }));
  }
  for (const bridge of world.models) {
    await bridge.declare(kind);
    await bridge.run();
    await bridge.import();
    bridge.keepSnapshot();
  }
  return world;
}

export interface World {
  azure: AzureModel;
  models: BridgeModel[];
  holding: Holding;
  /** What happened, for people to read. */
  story: string[];
  kind: RotatingKind;
  /** The first promise that was broken. */
  broken: string | undefined;
  /** What expires until then may expire: trouble kept the bridge from renewing it. */
  troubledUntil: number;
  /** When a person last did something that a bridge must repair. */
  actedAt: number;
  /** Bridges whose Coder lost its credential by a person, a compromise or time in trouble. */
  excused: Set<BridgeModel>;
}

/** Whether Coder's login works, apart from the mood of the registry; true while it has none. */
function isAccepted(azure: AzureModel, login: Login | undefined): boolean {
  return login === undefined || azure.knows(login);
}

const CHANGES = /regenerate|generate|remove|give|put|create|add|point|write/;
const ISSUES = /regenerate|generate|graph: add/;
/** A refusal of a password that Azure still has counts after this time. */
const REFUSED_FOR_MS = 5 * 60_000;
/** How long after a person's act the bridge may be at work because of it. */
const REPAIR_MS = 30 * 60_000;

/** Each deployment has one or two, and some that runs which were cut off left behind. */
const MOST_SECRETS = 10;

/** Looks at what every Coder holds after each call. */
async function watched(world: World, what: string, work: () => Promise<unknown>): Promise<unknown> {
  const { azure, models, story } = world;
  const { mood, since } = azure.world;
  const nowMs = azure.now().getTime();
  const isTooSoon = nowMs - since < REFUSED_FOR_MS && nowMs - world.actedAt > REPAIR_MS;
  const isWrongTime = mood === 'lies' ? isTooSoon : mood !== 'well';
  const isNeeded = models.some(
    // The password of an administrator is discarded by regenerating it.
    bridge => !isAccepted(azure, bridge.held()) || bridge.isCompromised() || bridge.isTesting(),
  );
  if (ISSUES.test(what) && isWrongTime && !isNeeded) breaks(world, `${what} while the registry ${mood}`);
  const result = await work();
  if (azure.application.secrets().length > MOST_SECRETS) breaks(world, `${what}: client secrets pile up`);
  if (CHANGES.test(what)) story.push(`    ${what}`);
  for (const bridge of models) {
    if (isAccepted(azure, bridge.held())) world.excused.delete(bridge);
    else if (bridge.isCompromised()) world.excused.add(bridge);
    else if (!world.excused.has(bridge))
      breaks(world, `${what}: the Coder of ${bridge.deploymentId} lost its credential`);
  }
  return result;
}

function breaks(world: World, promise: string): void {
  if (world.broken) return;
  world.broken = promise;
  world.story.push(`    !!! ${promise}`);
}

/** What expired because trouble kept a bridge from renewing it. */
function expire(world: World): void {
  const isTroubled = world.azure.now().getTime() < world.troubledUntil;
  for (const bridge of world.models) {
    if (isAccepted(world.azure, bridge.held()) || world.excused.has(bridge)) continue;
    if (isTroubled || bridge.coder.refusesSession) world.excused.add(bridge);
    else breaks(world, `the credential in the Coder of ${bridge.deploymentId} expired`);
  }
}

/** Lets a history happen, then repairs everything, and expects that Coder holds what is accepted. */
export async function happen(world: World, events: readonly Event[]): Promise<void> {
  const { story } = world;
  try {
    for (const event of events) {
      story.push(describe(event));
      await take(world, event);
      if (world.broken) throw new Error(world.broken);
    }
    story.push('everything is repaired');
    await endWell(world);
    if (world.broken) throw new Error(world.broken);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${story.slice(-60).join('\n')}`, { cause: error });
  }
}

export function describe(event: Event): string {
  const { do: what, ...more } = event;
  const by = 'who' in more ? ` ${DEPLOYMENTS[more.who]}` : '';
  const rest = Object.entries(more).filter(([name, value]) => name !== 'who' && value !== undefined);
  return `${what}${by} ${rest.map(([name, value]) => `${name}=${value}`).join(' ')}`.trim();
}

async function take(world: World, event: Event): Promise<void> {
  const { azure, models } = world;
  const bridge = models['who' in event ? event.who % models.length : 0] as BridgeModel;
  switch (event.do) {
    case 'wait':
      return pass(world, event.minutes);
    case 'sleep':
      azure.advance(event.minutes * MINUTE_MS);
      return;
    case 'run': {
      const life = newLife(event.diesAfter, event.last);
      await Promise.all([bridge.run(life), ...(event.both ? [bridge.run()] : [])]);
      return;
    }
    case 'registry':
      setMood(azure, event.mood);
      await pass(world, event.minutes);
      setMood(azure, 'well');
      return trouble(world);
    case 'away':
      bridge.health.set(event.service, 'away');
      if (event.service === 'registry') setMood(azure, 'away');
      await pass(world, event.minutes);
      bridge.health.clear();
      setMood(azure, 'well');
      return trouble(world);
    case 'vault':
      bridge.vaultIs.mood = event.mood;
      for (let i = 0; i < 5; i += 1) await pass(world, event.minutes / 5);
      bridge.vaultIs.mood = 'well';
      return trouble(world);
    case 'session-refused':
      bridge.coder.refusesSession = event.refused;
      return trouble(world);
    case 'request':
      if (event.compromised) excuse(world);
      return bridge.request(event.compromised).catch(() => {});
    case 'person-kills':
      kill(world, bridge, event.which);
      return excuse(world);
    case 'person-disables':
      setEnabled(world, bridge, false);
      excuse(world);
      await pass(world, 10);
      setEnabled(world, bridge, true);
      return excuse(world);
    case 'person-hides-secrets':
      // What Coder holds goes on working, so that nothing excuses a bridge that takes it away.
      world.actedAt = azure.now().getTime();
      return hideSecrets(world, bridge, event);
    case 'person-edits-coder':
      bridge.changeInCoder({ password: 'typed by hand' });
      return excuse(world);
    case 'person-edits-map': {
      const map = azure.accounts.scopeMaps.find(`coder-acr-bridge-${bridge.deploymentId}`);
      excuse(world);
      if (map) azure.accounts.scopeMaps.put(map.name, { actions: ['repositories/other/content/read'] });
      return;
    }
    case 'tables-lost':
      bridge.loseTables();
      excuse(world);
      return bridge.declare(world.kind).catch(() => {});
    case 'tables-restored':
      bridge.restoreTables();
      // What a job fetches from an old record may end before it fetches again.
      if (world.holding === 'pull') trouble(world);
      return excuse(world);
  }
}

/** A person did it. */
function excuse(world: World): void {
  const { models, azure, excused } = world;
  world.actedAt = azure.now().getTime();
  for (const bridge of models) if (!isAccepted(azure, bridge.held())) excused.add(bridge);
}

/** Where a registry lies again at once, no bridge saw it otherwise: to them it never stopped. */
function setMood({ world, now }: AzureModel, mood: Mood): void {
  const nowMs = now().getTime();
  if (world.mood === 'lies') world.lied = { since: world.since, until: nowMs };
  const since = mood === 'lies' && world.lied?.until === nowMs ? world.lied.since : nowMs;
  Object.assign(world, { mood, since });
}

/** A refresh token of the registry lives for three hours, and is renewed after half of that. */
function trouble(world: World): void {
  world.troubledUntil = world.azure.now().getTime() + 200 * MINUTE_MS;
}

/** Time passes, and the timers run. */
async function pass(world: World, minutes: number): Promise<void> {
  const { models, azure } = world;
  const step = Math.max(1, Math.ceil(minutes / 6));
  for (let passed = 0; passed < minutes; passed += step) {
    azure.advance(step * MINUTE_MS);
    if (azure.world.mood !== 'well') trouble(world);
    expire(world);
    for (const bridge of models) {
      await bridge.run();
      bridge.keepSnapshot();
    }
  }
}

function kill({ azure, kind }: World, bridge: BridgeModel, which: 'current' | 'both'): void {
  const login = bridge.held();
  const { accounts, application } = azure;
  if (kind === 'entra-identity' && which === 'both') azure.endRefreshTokens();
  if (!login || login.username === TOKEN_USER) return;
  if (kind === 'service-principal') {
    for (const { keyId, secretText } of application.secrets()) {
      if (which === 'both' || secretText === login.password) application.remove(keyId);
    }
  }
  if (kind === 'token') {
    const token = accounts.tokens.find(login.username);
    for (const { name, value } of token?.passwords ?? []) {
      if (value === login.password) accounts.tokens.generate(login.username, [name]);
      else if (which === 'both') accounts.tokens.generate(login.username, [name]);
    }
  }
  if (kind === 'admin') {
    for (const { name, value } of accounts.admin.passwords()) {
      if (which === 'both' || value === login.password) accounts.admin.regenerate(name);
    }
  }
}

async function hideSecrets(
  world: World,
  { vault }: BridgeModel,
  { how, minutes }: { how: 'disabled' | 'deleted'; minutes: number },
): Promise<void> {
  const hidden = vault.all();
  const enable = (enabled: boolean) => {
    for (const version of hidden.flatMap(({ versions }) => versions)) {
      vault.update(version, { attributes: { enabled } });
    }
  };
  if (how === 'disabled') enable(false);
  else for (const { name } of hidden) vault.softDelete(name);
  await pass(world, minutes);
  if (how === 'disabled') enable(true);
  else for (const { name } of hidden) vault.recover(name);
  trouble(world);
}

function setEnabled({ azure, kind }: World, bridge: BridgeModel, enabled: boolean): void {
  const name = `coder-acr-bridge-${bridge.deploymentId}`;
  if (kind === 'token' && azure.accounts.tokens.find(name)) {
    azure.accounts.tokens.put(name, { status: enabled ? 'enabled' : 'disabled' });
  }
  if (kind === 'admin') azure.registry.adminUserEnabled = enabled;
}

const MOST_ROUNDS = 14;

/** Everything works again: some hours later every Coder holds what is accepted, unless a person must decide. */
async function endWell(world: World): Promise<void> {
  const { azure, models } = world;
  for (const bridge of models) bridge.coder.refusesSession = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    await pass(world, 12);
    if (models.every(({ held }) => isAccepted(azure, held()))) break;
  }
  for (const bridge of models) {
    if (isAccepted(azure, bridge.held())) continue;
    const rotation = (await bridge.registry())?.rotation;
    if (NEEDS_A_PERSON.includes(rotation?.lastResult?.reason ?? '')) continue;
    throw new Error(`${bridge.deploymentId} did not recover: ${JSON.stringify(rotation, null, 1)}`);
  }
}
