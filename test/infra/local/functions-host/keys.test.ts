import { expect, test } from 'vitest';
import {
  type AuthLevel,
  opensEventGrid,
  opensFunction,
  presentedKey,
  withFunctionKeys,
} from '../../../../infra/local/functions-host/keys.ts';

const KEYS = { master: 'm', host: 'h', eventGrid: 'e', functions: { fn: 'f', other: 'o' } };

test.each<[AuthLevel, opens: (string | undefined)[], refuses: (string | undefined)[]]>([
  ['anonymous', [undefined, '', 'wrong', 'm'], []],
  ['function', ['f', 'h', 'm'], [undefined, '', 'wrong', 'o', 'e']],
  ['admin', ['m'], [undefined, '', 'wrong', 'f', 'h', 'e']],
])('level %s is opened by %j and not by %j', (level, opens, refuses) => {
  expect(opens.filter(key => opensFunction(KEYS, level, 'fn', key))).toEqual(opens);
  expect(refuses.filter(key => opensFunction(KEYS, level, 'fn', key))).toEqual([]);
});

test('a function without a key of its own is not opened by no key', () => {
  expect(opensFunction(KEYS, 'function', 'keyless', undefined)).toBe(false);
});

test('the Event Grid webhook is opened by its system key and the master key', () => {
  expect([undefined, 'f', 'h', 'e', 'm'].filter(key => opensEventGrid(KEYS, key))).toEqual(['e', 'm']);
});

test('the header wins over the query', () => {
  expect(presentedKey({ headers: { 'x-functions-key': 'a' }, query: { code: 'b' } })).toBe('a');
  expect(presentedKey({ headers: {}, query: { code: 'b' } })).toBe('b');
});

test('each function gets a key of its own, the same after a restart, unless it has one', () => {
  const keys = { master: 'm', host: 'h', eventGrid: 'e', functions: { fn: 'f' } };

  const given = withFunctionKeys(keys, ['fn', 'one', 'other']);

  expect(given).toEqual(withFunctionKeys(keys, ['fn', 'one', 'other']));
  expect(given).toMatchObject(keys);
  const { one, other } = given.functions ?? {};
  expect(opensFunction(given, 'function', 'one', one)).toBe(true);
  expect(opensFunction(given, 'function', 'one', other)).toBe(false);
  expect(withFunctionKeys({ ...keys, master: 'n' }, ['one']).functions?.one).not.toBe(one);
});
