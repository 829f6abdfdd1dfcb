import fc from 'fast-check';
import { expect, test } from 'vitest';
import { versionName } from '../../../../shared/coder/v2/version-name.ts';

const BASE = '3c9e11aa-0000-4000-8000-000000000000';
const digest = `sha256:8d1f0a2b${'0'.repeat(56)}`;
const value = (tag: string) => `myacr.azurecr.io/team/base:${tag}@${digest}`;

test.each([
  ['the tag, the digest and the base', { image: value('1.4.2') }, 1, 'acr-1.4.2-8d1f0a2b-3c9e11aa'],
  ['a second attempt', { image: value('1.4.2') }, 2, 'acr-1.4.2-8d1f0a2b-3c9e11aa.2'],
  ['runs of separators', { image: value('_v1--rc__1._') }, 1, 'acr-v1-rc_1-8d1f0a2b-3c9e11aa'],
  ['no tag', { image: `myacr.azurecr.io/team/base@${digest}` }, 1, 'acr-8d1f0a2b-3c9e11aa'],
])('the name of a version has %s', (_, values, attempt, name) => {
  expect(versionName(values, BASE, attempt)).toBe(name);
});

test('several variables are counted and told apart by a hash', () => {
  const name = versionName({ image: value('1'), tools: value('2') }, BASE, 1);
  expect(name).toMatch(/^acr-2-images-[0-9a-f]{8}-3c9e11aa$/);
  expect(name).toBe(versionName({ tools: value('2'), image: value('1') }, BASE, 1));
  expect(name).not.toBe(versionName({ image: value('1'), tools: value('3') }, BASE, 1));
});

test('every tag makes a name that Coder takes', () => {
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
  fc.assert(
    fc.property(tag, fc.integer({ min: 1, max: 5 }), (text, attempt) => {
      const name = versionName({ image: value(text) }, BASE, attempt);
      expect(name).toMatch(/^[a-zA-Z0-9]+(?:[_.-]{1}[a-zA-Z0-9]+)*$/);
      expect(name.length).toBeLessThanOrEqual(64);
    }),
  );
});
