import { afterAll, beforeAll, expect, test } from 'vitest';
import { partOf } from '../support/part.ts';
import { type LiveApp, startLiveApp, startReport, until } from './live-app.ts';
import { count, differences, type Images, imagesInCoder, pushMany } from './seed.ts';

// A registry that was there before the bridge, and an app that dies while it goes through it.

const TAGS_EACH = 40;
const REPOSITORIES = [
  ...Array.from({ length: partOf(40) }, (_, i) => `team/app-${i}`),
  // A rule excludes these, and no rule matches those.
  ...Array.from({ length: partOf(5) }, (_, i) => `scratch/app-${i}`),
  ...Array.from({ length: partOf(5) }, (_, i) => `elsewhere/app-${i}`),
];
const TAGS = Array.from({ length: TAGS_EACH }, (_, i) => `v${i}${i % 8 === 0 ? '-rc' : ''}`);
const RULES = [
  { repository: 'scratch/**', action: 'exclude' },
  { repository: '**', tag: { glob: '*-rc' }, action: 'exclude' },
  { repository: 'team/*' },
];
/** Repositories that a run has under way at once, each with one image: what a crash can cut off. */
const AT_ONCE = 4;
const MOST_MEMORY_MB = 384;

interface ShownReport {
  state: string;
  total: number;
  done: number;
  differences: Record<string, number>;
  outcomes: Record<string, number>;
}

let app: LiveApp;

beforeAll(async () => {
  app = await startLiveApp();
  const { registry } = app.environment.cloud;
  const { username, password } = registry.puller;
  const { status } = await app.api('PUT', 'registries/contoso', {
    resourceId: registry.resourceId,
    credential: { kind: 'static', username, password },
    policy: { rules: RULES },
  });
  expect(status).toBe(201);
});
afterAll(() => app.close());

const reconciliation = async () =>
  (await app.api<ShownReport>('GET', 'registries/contoso/reconciliation')).body;

test('a whole registry is reconciled by an app that dies in the middle: each that matches once, and no other', async () => {
  const report = startReport('reconcile');
  const pushed = await pushMany(app, new Map(REPOSITORIES.map(repository => [repository, TAGS])));
  const wanted = matching(pushed);
  report(`${count(pushed)} tags in ${pushed.size} repositories, of which ${count(wanted)} match the policy`);

  const { coder } = app.environment.cloud.standIns;
  coder.requests.clear();
  const run = await app.api('POST', 'registries/contoso/reconcile');
  expect(run.status).toBe(202);
  await until(200, async () => (await reconciliation()).done > count(pushed) / 3);
  await app.environment.host.crash();
  const crashed = await reconciliation();
  report(`killed, and back: ${crashed.done} of ${crashed.total} done`);
  expect(crashed.state).toBe('running');

  let shown = '';
  await until(1_000, async () => {
    await app.sweep();
    const { state, total, done } = await reconciliation();
    const now = `${state}, ${done} of ${total} done`;
    if (now !== shown) report(now);
    shown = now;
    return state !== 'running';
  });

  const completed = await reconciliation();
  report(`${JSON.stringify(completed.differences)} ${JSON.stringify(completed.outcomes)}`);
  expect(completed).toMatchObject({ state: 'completed', total: count(pushed), done: count(pushed) });
  expect(differences(wanted, imagesInCoder(app))).toEqual([]);
  const made = madeInCoder();
  expect(new Set(made).size).toBe(count(wanted));
  const repeated = made.filter((call, i) => made.indexOf(call) !== i);
  report(`${repeated.length} calls that make something in Coder were repeated: ${repeated.join(', ')}`);
  expect(repeated.length).toBeLessThanOrEqual(AT_ONCE);

  await app.api('POST', 'registries/contoso/reconcile');
  await until(200, async () => (await reconciliation()).state !== 'running');
  const second = await reconciliation();
  report(`a second run looked at ${second.done} of ${second.total}: ${JSON.stringify(second.differences)}`);
  expect(second).toMatchObject({
    ...{ state: 'completed', total: count(pushed), done: count(pushed) },
    ...{ differences: {}, outcomes: {} },
  });
  report(`the app took at most ${app.memory.peakMb()} MB`);
  expect(app.memory.peakMb()).toBeGreaterThan(0);
  expect(app.memory.peakMb()).toBeLessThan(MOST_MEMORY_MB);
});

function matching(pushed: Images): Images {
  const ofTeams = [...pushed].filter(([repository]) => repository.startsWith('team/'));
  return new Map(
    ofTeams.map(([repository, tags]) => [
      repository,
      new Map([...tags].filter(([tag]) => !tag.endsWith('-rc'))),
    ]),
  );
}

/** What Coder was asked to make, an image with its first tag or a further tag, each time that it was asked. */
function madeInCoder(): string[] {
  const asked = app.environment.cloud.standIns.coder.requests.all();
  return asked
    .filter(({ method, path }) => method === 'POST' && /\/images$|\/tags$/.test(path))
    .map(({ path, body }) => {
      const { repository, tag } = JSON.parse(body ?? '{}');
      return repository === undefined ? `${path} ${tag}` : `${path} ${repository}`;
    });
}
