import { expect, test } from 'vitest';
import { becomesDefault } from '../../../../shared/coder/classic/default-tag.ts';
import type { DefaultTag } from '../../../../shared/coder/default-tag.ts';

test.each<[DefaultTag, string, string | undefined, boolean | 'if-newer']>([
  ['first', 'v2', 'v1', false],
  ['first', 'v2', undefined, true],
  ['never', 'v2', undefined, false],
  ['newest', 'v2', 'v1', 'if-newer'],
  ['newest', 'v2', undefined, true],
  ['newest', 'v1', 'v1', false],
  ['highest-semver', '1.10.0', '1.9.0', true],
  ['highest-semver', '1.9.0', '1.10.0', false],
  ['highest-semver', 'v2.0.0', 'latest', true],
  ['highest-semver', 'latest', '1.0.0', false],
])('%s: %s in place of %s → %s', (policy, tag, current, expected) => {
  expect(becomesDefault(policy, tag, current)).toBe(expected);
});
