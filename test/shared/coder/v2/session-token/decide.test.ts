import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../../../shared/coder/v2/schema.ts';
import {
  decideToken,
  endsSoon,
  noted,
  renewOn,
  type TokenFacts,
} from '../../../../../shared/coder/v2/session-token/decide.ts';
import type { TokenState } from '../../../../../shared/coder/v2/session-token/state.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const DAYS = 86_400_000;
const MINUTES = 60_000;
const ago = (ms: number) => new Date(NOW.getTime() - ms);

/** @param leftDays until it ends */
function keyOf(lifetimeDays: number, leftDays: number, name = 'acr-bridge-1'): ApiKey {
  const expires_at = new Date(NOW.getTime() + leftDays * DAYS);
  return { id: `id of ${name}`, token_name: name, expires_at, lifetime_seconds: lifetimeDays * 86_400 };
}

const current = { id: 'id of acr-bridge-1', name: 'acr-bridge-1', since: ago(30 * DAYS) };
const failure = { reason: 'coder-unavailable', message: 'Coder: 503' };
const own = (name: string, on: Date, id?: string) => ({ name, on, ...(id && { id }) });

const CASES: [string, { state?: Partial<TokenState>; key?: TokenFacts['key'] }, object][] = [
  ['a year is ahead', {}, { do: 'nothing' }],
  ['the token is not known yet', { state: {} }, { do: 'note' }],
  ['a person stored another', { key: keyOf(365, 300, 'by-hand') }, { do: 'note' }],
  ['31 days are left of a year', { key: keyOf(365, 31) }, { do: 'nothing' }],
  ['30 days are left of a year', { key: keyOf(365, 30) }, { do: 'create' }],
  ['2.4 of 7 days are left', { key: keyOf(7, 2.4) }, { do: 'nothing' }],
  ['2.3 of 7 days are left', { key: keyOf(7, 2.3) }, { do: 'create' }],
  [
    'it failed 14 minutes ago',
    { key: keyOf(365, 1), state: { current, failure: { on: ago(14 * MINUTES), ...failure } } },
    { do: 'nothing' },
  ],
  [
    'it failed 15 minutes ago',
    { key: keyOf(365, 1), state: { current, failure: { on: ago(15 * MINUTES), ...failure } } },
    { do: 'create' },
  ],
  [
    'the one before it may still be in use',
    { state: { current: { ...current, since: ago(9 * MINUTES) }, own: [own('old', ago(DAYS), 'id')] } },
    { do: 'nothing' },
  ],
  [
    'the one before it was replaced ten minutes ago',
    { state: { current: { ...current, since: ago(10 * MINUTES) }, own: [own('old', ago(MINUTES), 'id')] } },
    { do: 'delete', token: own('old', ago(MINUTES), 'id') },
  ],
  [
    'a request whose answer was lost may still take effect',
    { state: { current, own: [own('acr-bridge-2', ago(59 * MINUTES))] } },
    { do: 'nothing' },
  ],
  [
    'the answer to a request was lost an hour ago',
    { state: { current, own: [own('acr-bridge-2', ago(60 * MINUTES))] } },
    { do: 'delete', token: own('acr-bridge-2', ago(60 * MINUTES)) },
  ],
  [
    'the bridge made the token in use itself',
    { state: { current, own: [own('acr-bridge-1', ago(300 * DAYS))] } },
    { do: 'nothing' },
  ],
];

test.each(CASES)('when %s', (_, { state = { current }, key = keyOf(365, 200) }, step) => {
  expect(decideToken({ state: { own: [], ...state }, key, now: NOW })).toEqual(step);
});

describe('when Key Vault holds another token', () => {
  const key = keyOf(365, 365, 'acr-bridge-2');
  const by = (name: string) => ({ id: `id of ${name}`, name, since: ago(DAYS) });

  test.each<[string, Partial<TokenState>, string[]]>([
    ['the first one is only noted', {}, []],
    ['one that a person replaced stays', { current: by('by-hand') }, []],
    ['one that a person replaced goes if it is our own', { current: by('a'), own: [own('a', NOW)] }, ['a']],
    [
      'one that the bridge replaced goes',
      { current: by('by-hand'), own: [own('acr-bridge-2', NOW)] },
      ['acr-bridge-2', 'by-hand'],
    ],
    [
      'none is listed twice',
      { current: by('a'), own: [own('a', NOW), own('acr-bridge-2', NOW)] },
      ['a', 'acr-bridge-2'],
    ],
  ])('%s', (_, state, names) => {
    const after = noted({ own: [], ...state }, key, NOW);

    expect(after.own.map(({ name }) => name)).toEqual(names);
    expect(after.current).toEqual({ id: key.id, name: 'acr-bridge-2', since: NOW });
    expect(after.failure).toBeUndefined();
  });
});

test.each([
  [365, 7.1, false],
  [365, 6.9, true],
  [7, 1.2, false],
  [7, 1.1, true],
])('a token of %d days with %d left: a person has to see to it: %s', (lifetime, left, soon) => {
  const key = keyOf(lifetime, left);

  expect(endsSoon(key, NOW)).toBe(soon);
  expect(renewOn(key) < NOW, 'only when the bridge should have renewed it').toBe(true);
});
