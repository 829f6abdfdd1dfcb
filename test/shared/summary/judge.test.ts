import { describe, expect, test } from 'vitest';
import { Rollout } from '../../../shared/coder/v2/rollout.ts';
import { noteFailure } from '../../../shared/coder/v2/round.ts';
import type { CredentialState } from '../../../shared/credentials/state.ts';
import type { Registry } from '../../../shared/records/registry.ts';
import type { Summary } from '../../../shared/records/summary.ts';
import { judgeRegistry, lightOf } from '../../../shared/summary/judge.ts';
import { judgeTemplate } from '../../../shared/summary/judge-template.ts';

const NOW = new Date('2026-03-02T12:00:00Z');
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const DAY = 24 * 60;

const current = (endsInMinutes: number): CredentialState => ({
  current: {
    declared: { kind: 'static' },
    ...{ username: 'coder', secretVersion: '1', issuedOn: ago(60 * DAY), expiresOn: ago(-endsInMinutes) },
  },
});
const failed = { on: ago(5), outcome: 'failed', reason: 'token-refused', message: 'Entra says no.' } as const;

const rule = (more: object) => ({ repository: 'team/app', action: 'import', ...more });

interface Case {
  registry?: Partial<Registry>;
  summary?: Partial<Summary>;
  is: string[];
}

const CASES: Record<string, Case> = {
  'all is well': { is: [] },
  'it is suspended': { registry: { suspended: true }, is: ['amber suspended'] },
  'the registry refuses the credential': {
    registry: { rotation: { refusedSince: ago(5) } },
    is: ['red credential-refused'],
  },
  'a rotation failed': { registry: { rotation: { lastResult: failed } }, is: ['red token-refused'] },
  'a rotation succeeded': {
    registry: { rotation: { lastResult: { ...failed, outcome: 'rotated' } } },
    is: [],
  },
  'the credential ends in eight days': { registry: { rotation: current(8 * DAY) }, is: [] },
  'the credential ends in six days': {
    registry: { rotation: current(6 * DAY) },
    is: ['amber credential-ends-soon'],
  },
  'the credential has ended': { registry: { rotation: current(-1) }, is: ['red credential-ended'] },
  'images failed': {
    summary: { images: [{ state: 'failed', reason: 'coder-rejected', count: 2 }] },
    is: ['amber images-failed'],
  },
  'images are pending and skipped': {
    summary: {
      images: [
        { state: 'pending', reason: 'importing', count: 2 },
        { state: 'skipped', reason: 'no-rule', count: 7 },
      ],
      oldestWaitingPushedOn: ago(19),
    },
    is: [],
  },
  'Coder does not answer, since a moment': {
    summary: { images: [{ state: 'pending', reason: 'coder-unavailable', count: 2 }] },
    is: ['amber coder-unavailable'],
  },
  'images go to no template': {
    summary: { images: [{ state: 'skipped', reason: 'no-template', count: 7 }] },
    is: ['amber no-template'],
  },
  'one rule of several names no template': {
    registry: { policy: { rules: [rule({ templates: [{ template: 'a' }] }), rule({})] } as never },
    is: ['amber rule-without-template'],
  },
  'rules of Coder Classic name no template': { registry: { policy: { rules: [rule({})] } as never }, is: [] },
  'a rule that excludes names no template': {
    registry: {
      policy: { rules: [rule({ templates: [{ template: 'a' }] }), rule({ action: 'exclude' })] } as never,
    },
    is: [],
  },
  'an image waits for long': { summary: { oldestWaitingPushedOn: ago(21) }, is: ['amber images-wait'] },
  'a reconciliation failed': {
    summary: { reconciliation: { state: 'failed', startedOn: ago(5) } },
    is: ['red reconciliation-failed'],
  },
  'the timer counted an hour ago': { summary: { countedOn: ago(61) }, is: ['red timer-stopped'] },
  'a count takes so long that it is made each hour': {
    summary: { countedOn: ago(61), tookMs: 36_000 },
    is: [],
  },
  'several things are wrong': {
    registry: { suspended: true, rotation: { refusedSince: ago(5) } },
    is: ['red credential-refused', 'amber suspended'],
  },
};

test.each(Object.entries(CASES))('of a registry: %s', (_, { registry, summary, is }) => {
  const causes = judgeRegistry({
    registry: {
      name: 'contoso',
      credential: { kind: 'static' },
      rotation: {},
      policy: { rules: [] },
      ...registry,
    } as never as Registry,
    summary: {
      ...{ registry: 'contoso', countedOn: ago(1), tookMs: 0, images: [] },
      latency: { count: 0, hours: [] },
      ...summary,
    },
    now: NOW,
  });

  expect(causes.map(({ light, reason }) => `${light} ${reason}`)).toEqual(is);
  expect(lightOf(causes)).toBe(is[0]?.split(' ')[0] ?? 'green');
  for (const { remedy } of causes) expect(remedy).toEqual(expect.any(String));
});

describe('of a template', () => {
  const name = { organization: 'coder', template: 'kubernetes' };
  const building = {
    ...{ name: 'acr-v1', attempt: 1, values: {}, before: {}, baseVersionId: 'b', fileId: 'f' },
  };
  const refused = {
    ...{ values: { image: 'host/app:v1' }, baseVersionId: 'b' },
    ...{ reason: 'template-build-failed', message: 'no such' },
  };
  const wished = (value: string, more = {}) => ({
    image: { registry: 'r', repository: 'app', tag: 'v1', digest: 'd', value, pushedOn: NOW, ...more },
  });

  const catalogOf = (values: readonly string[]) => {
    const said = { registry: 'r', repository: 'app', digest: 'd', pushedOn: NOW, rank: 0, keepTags: 10 };
    const group = values.map(value => ({ ...said, tag: value.split(':')[1], value, choice: 'newest' }));
    return { images: { 'host/app': group } };
  };
  /** As a round of work notes it. */
  const refusedCatalog = (values: readonly string[]) => {
    const rollout = Rollout.parse({ catalogs: catalogOf(values) });
    const stamps = { images: `${values.length} images 00000000` };
    noteFailure({ rollout }, { values: stamps, baseVersionId: 'b' }, refused.reason, refused.message);
    return rollout.failed;
  };

  test.each([
    ['nothing is under way', {}, []],
    ['a version is being built', { building: { ...building, since: ago(29) } }, []],
    [
      'a version is under way for long',
      { building: { ...building, since: ago(31) } },
      ['amber version-waits'],
    ],
    [
      'a version waits for a person',
      { building: { ...building, since: ago(0) }, wishes: wished('host/app:v1', { isManual: true }) },
      ['amber version-ready'],
    ],
    [
      'a person promoted it',
      { building: { ...building, since: ago(0), isApproved: true }, wishes: wished('v', { isManual: true }) },
      [],
    ],
    [
      'Coder refused a version of what is wanted',
      { failed: refused, wishes: wished('host/app:v1') },
      ['red template-build-failed'],
    ],
    ['Coder refused a version of what was wanted', { failed: refused, wishes: wished('host/app:v2') }, []],
    [
      'Coder refused a version with the catalog that is wanted',
      { failed: refusedCatalog(['host/app:v1']), catalogs: catalogOf(['host/app:v1']) },
      ['red template-build-failed'],
    ],
    [
      'Coder refused a version with what the catalog was to offer before',
      { failed: refusedCatalog(['host/app:v1']), catalogs: catalogOf(['host/app:v1', 'host/app:v2']) },
      [],
    ],
  ])('%s', (_, change, is) => {
    const causes = judgeTemplate(Rollout.parse({ name, ...change }), NOW);

    expect(causes.map(({ light, reason }) => `${light} ${reason}`)).toEqual(is);
  });
});
