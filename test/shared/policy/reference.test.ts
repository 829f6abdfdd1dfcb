import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatReference,
  isDigest,
  isRepository,
  isTag,
  parseReference,
} from '../../../shared/policy/reference.ts';
import { dueKey, imageKey, parseDueKey } from '../../../shared/records/keys.ts';

const repositories = fc.stringMatching(
  /^[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}(\/[a-z0-9]+(-[a-z0-9]+)?){0,3}$/,
);
const tags = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
const references = fc.record({ repository: repositories, tag: tags });

test('whatever OCI allows is read back as it was written', () => {
  fc.assert(
    fc.property(references, reference => {
      expect(parseReference(formatReference(reference))).toEqual(reference);
    }),
  );
});

test('two images never share a row, and a due row leads back to its image', () => {
  fc.assert(
    fc.property(references, references, fc.date({ noInvalidDate: true }), (one, other, at) => {
      const same = formatReference(one) === formatReference(other);
      expect(imageKey(one) === imageKey(other)).toBe(same);
      expect(imageKey(one)).not.toMatch(/[/\\#?\p{Cc}]/u);
      expect(parseDueKey(dueKey(at, one))).toEqual({ ...one, dueOn: at });
    }),
  );
});

test('no text makes the parser throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), text => {
      const parsed = parseReference(text);
      if (parsed) expect(formatReference(parsed)).toBe(text);
    }),
  );
});

test.each([
  ['team/app', true],
  ['a.b_c__d---e/f0', true],
  ['Team/app', false],
  ['team//app', false],
  ['/team', false],
  ['team/', false],
  ['..', false],
  ['a..b', false],
  ['a___b', false],
  ['team|app', false],
  ['', false],
  ['a'.repeat(256), false],
])('repository %j: %s', (text, valid) => {
  expect(isRepository(text)).toBe(valid);
});

test.each([
  ['v1.0.', true],
  ['_x', true],
  ['-x', false],
  ['.x', false],
  ['a/b', false],
  ['a'.repeat(129), false],
])('tag %j: %s', (text, valid) => {
  expect(isTag(text)).toBe(valid);
});

test.each([
  [`sha256:${'0'.repeat(64)}`, true],
  ['sha256:', false],
  ['latest', false],
])('digest %j: %s', (text, valid) => {
  expect(isDigest(text)).toBe(valid);
});
