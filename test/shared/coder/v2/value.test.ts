import { expect, test } from 'vitest';
import { formatValue, isSameImage, parseValue } from '../../../../shared/coder/v2/value.ts';

const digest = `sha256:${'8d'.repeat(32)}`;
const other = `sha256:${'9e'.repeat(32)}`;
const name = 'myacr.azurecr.io/team/base';

test('a value names the digest, with the tag unless a rule leaves it out', () => {
  expect(formatValue({ name, tag: '1.4.2', digest })).toBe(`${name}:1.4.2@${digest}`);
  expect(formatValue({ name, tag: '1.4.2', digest }, 'digest')).toBe(`${name}@${digest}`);
});

test.each([
  [`${name}:1.4.2@${digest}`, { name, tag: '1.4.2', digest }],
  [`${name}@${digest}`, { name, digest }],
  ['codercom/example-base:ubuntu', { name: 'codercom/example-base', tag: 'ubuntu' }],
  ['localhost:5443/team/base', { name: 'localhost:5443/team/base' }],
  [`localhost:5443/team/base:v1@${digest}`, { name: 'localhost:5443/team/base', tag: 'v1', digest }],
  ['', undefined],
  ['two words', undefined],
])('%s is read', (text, expected) => {
  expect(parseValue(text)).toEqual(expected);
});

test.each([
  [`${name}:1.4@${digest}`, `${name}:latest@${digest}`, true],
  [`${name}:1.4@${digest}`, `${name}@${digest}`, true],
  [`${name}:1.4@${digest}`, `${name}:1.4@${other}`, false],
  [`${name}:1.4@${digest}`, `elsewhere/base:1.4@${digest}`, false],
  [`${name}:1.4`, `${name}:1.4`, true],
  [`${name}:1.4`, `${name}:1.4@${digest}`, false],
  [undefined, `${name}:1.4`, false],
])('%s and %s are the same image: %s', (one, two, same) => {
  expect(isSameImage(one, two)).toBe(same);
});
