import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { alive, DAY_MS, MINUTE_MS, startTokenWorld, type TokenWorld } from './world.ts';

let world: TokenWorld;
beforeAll(async () => {
  world = await startTokenWorld();
});
afterAll(() => world.bridge.close());
beforeEach(() => world.bridge.clearFaults());

const DAY_SECONDS = 86_400;
const scopes = ['template:read', 'template:update', 'user:read', 'coder:apikeys.manage_self'];
const allowList = [
  { type: 'user', id: '*' },
  { type: 'api_key', id: '*' },
];

/** What of a token goes over to the next. */
const like = ({ scopes, allowList, lifetimeSeconds }: ReturnType<TokenWorld['keys']>[number]) => ({
  scopes,
  allowList,
  lifetimeSeconds,
});

test.each([
  ['of a month', { lifetimeSeconds: 30 * DAY_SECONDS }, 'acr-bridge', 270],
  ['with scopes', { lifetimeSeconds: 90 * DAY_SECONDS, scopes, allowList }, 'acr-bridge', 365],
  ['of an Owner', { lifetimeSeconds: 7 * DAY_SECONDS }, 'root', 45],
])(
  'a token %s is renewed for many lifetimes, and no call is ever refused',
  { timeout: 120_000 },
  async (_, fields, user, days) => {
    const { bridge, coder } = world;
    const { clock } = bridge.cloud;
    const first = world.use({ tokenName: `first of ${user}`, ...fields }, user);
    const [instance, other, bystander] = [world.newInstance(), world.newInstance(), world.bystander()];
    coder.requests.clear();
    const seen = new Set<string>();
    let most = 0;

    // In large steps while there is one token, in minutes while there are two.
    for (let passed = 0; passed < days * DAY_MS; ) {
      // It may have read the token right before that is replaced.
      await bystander.me(AbortSignal.timeout(10_000));
      await world.run(instance);
      await world.run(other);
      await bystander.me(AbortSignal.timeout(10_000));
      world.expectWorking(`after ${passed / DAY_MS} days`);
      seen.add(world.inUse()?.id ?? '');
      const { length } = alive(world.keys(), clock.now());
      most = Math.max(most, length);
      const step = length > 1 ? 4 * MINUTE_MS : (fields.lifetimeSeconds * 1_000) / 8;
      clock.advance(step);
      passed += step;
    }
    await world.untilQuiet(instance, 'in the end');

    expect(seen.size).toBeGreaterThan(5);
    expect(most).toBe(2);
    expect(alive(world.keys(), clock.now())).toEqual([world.inUse()]);
    expect(like(world.inUse() as typeof first)).toEqual(like(first));
    expect(world.inUse()?.tokenName).toMatch(/^acr-bridge-\d{12}-[0-9a-f]{6}$/);
    expect(coder.requests.all().filter(({ status }) => status === 401)).toEqual([]);
  },
);

test('two instances that find it due at the same time make one token', async () => {
  const { clock } = world.bridge.cloud;
  world.use({ lifetimeSeconds: 9 * DAY_SECONDS });
  clock.advance(7 * DAY_MS);

  await Promise.all([1, 2, 3].map(() => world.run(world.newInstance())));

  expect(alive(world.keys(), clock.now())).toHaveLength(2);
  await world.untilQuiet(world.newInstance(), 'afterwards');
  expect(alive(world.keys(), clock.now())).toEqual([world.inUse()]);
});

test('what Coder allows at most is the lifetime of the next one', async () => {
  const { clock } = world.bridge.cloud;
  // Made before its user became an Owner.
  world.use({ lifetimeSeconds: 60 * DAY_SECONDS }, 'root');
  clock.advance(45 * DAY_MS);

  await world.untilQuiet(world.newInstance(), 'afterwards');

  expect(world.inUse()?.lifetimeSeconds).toBe(7 * DAY_SECONDS);
});

test('the secret in Key Vault ends when the token does', async () => {
  const { clock, standIns } = world.bridge.cloud;
  world.use({ lifetimeSeconds: 30 * DAY_SECONDS });
  clock.advance(25 * DAY_MS);

  await world.untilQuiet(world.newInstance(), 'afterwards');

  const endsOn = world.inUse()?.expiresAt.getTime() ?? 0;
  expect(standIns.keyVault.attributes('coder-session-token').exp).toBe(Math.floor(endsOn / 1_000));
});

test('without the right to make tokens the days that are left are logged, and why', async () => {
  const { bridge } = world;
  world.use({ lifetimeSeconds: 90 * DAY_SECONDS, scopes: ['user:read', 'api_key:read'] });
  const before = world.inUse()?.id;
  bridge.cloud.clock.advance(84 * DAY_MS);
  bridge.logged.length = 0;

  await world.untilQuiet(world.newInstance(), 'afterwards');

  expect(world.inUse()?.id).toBe(before);
  const failures = bridge.logged.filter(line => line.startsWith('coder token not renewed'));
  expect(failures).toEqual([expect.stringContaining('lacks api_key:create and api_key:delete')]);
  expect(bridge.logged.filter(line => line.startsWith('coder token {')).at(-1)).toMatch(
    /"endsSoon":true.*lacks api_key:create/,
  );
});

test('with CODER_TOKEN_RENEWAL off nothing is made or written, only logged', async () => {
  const { bridge } = world;
  const { clock, standIns } = bridge.cloud;
  world.use({ lifetimeSeconds: 9 * DAY_SECONDS });
  clock.advance(8 * DAY_MS);
  standIns.tables.requests.clear();

  await world.run(world.newInstance({ CODER_TOKEN_RENEWAL: 'off' }));

  expect(alive(world.keys(), clock.now())).toEqual([world.inUse()]);
  expect(standIns.tables.requests.all().filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(bridge.logged.at(-1)).toMatch(/^coder token \{.*"endsSoon":true.*"renewal":"off"/);
});

test('a token that a person stores meanwhile is left, and so is the one that it replaced', async () => {
  const { bridge, coder } = world;
  const { clock, standIns } = bridge.cloud;
  const replaced = world.use({ tokenName: 'by hand', lifetimeSeconds: 9 * DAY_SECONDS });
  await world.run(world.newInstance());
  clock.advance(7 * DAY_MS);
  const token = coder.people.token('acr-bridge', { lifetimeSeconds: 30 * DAY_SECONDS });
  // Between the moment when Coder makes the new token and the moment when the bridge stores it.
  const { all } = coder.requests;
  const isMade = () => all().some(({ method, path }) => method === 'POST' && path.endsWith('/keys/tokens'));
  coder.requests.clear();
  coder.faults.add({ method: 'GET', path: '/users/me$', delayMs: 300, times: 1 });
  const running = world.run(world.newInstance());
  await expect.poll(isMade, { interval: 5 }).toBe(true);
  standIns.keyVault.put('coder-session-token', token);
  await running;
  await world.untilQuiet(world.newInstance(), 'afterwards');

  expect(token.startsWith(world.inUse()?.id ?? 'none')).toBe(true);
  const left = alive(world.keys(), clock.now()).map(({ id }) => id);
  expect(left.sort()).toEqual([replaced.id, world.inUse()?.id].sort());
});

test.each([
  [
    'of a year',
    { lifetimeSeconds: 365 * DAY_SECONDS },
    'acr-bridge',
    0,
    'ok',
    /in 364 days\. The bridge renews it on /,
  ],
  [
    'that may not make tokens',
    { lifetimeSeconds: 365 * DAY_SECONDS, scopes: ['user:read', 'api_key:read'] },
    ...['acr-bridge', 0, 'ok', /in 364 days\. The bridge does not renew it: .*api_key:create/],
  ],
  [
    'that should have been renewed',
    { lifetimeSeconds: 365 * DAY_SECONDS },
    ...['acr-bridge', 359, 'coder-token-ends-soon', /in 5 days\. The bridge should have renewed it since /],
  ],
  ['of an Owner', { lifetimeSeconds: 7 * DAY_SECONDS }, 'root', 0, 'coder-token-of-owner', /168 hours/],
] as [string, { lifetimeSeconds: number; scopes?: string[] }, string, number, string, RegExp][])(
  'the diagnosis of a token %s',
  async (_, fields, user, days, reason, message) => {
    const { clock } = world.bridge.cloud;
    world.use(fields, user);
    clock.advance(days * DAY_MS);
    const checks = world.newInstance().target.checks();
    const check = checks.find(({ name }) => name === 'coder-token-lifetime');

    const signal = AbortSignal.timeout(10_000);
    const verdict = await check?.run({ signal } as Parameters<typeof check.run>[0]);

    expect(verdict).toMatchObject({ ...(reason !== 'ok' && { reason }), ok: reason === 'ok' });
    expect(verdict?.message).toMatch(message);
  },
);
