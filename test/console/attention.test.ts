import { expect, test } from 'vitest';
import { groupsIn, groupsOf } from '../../console/attention.ts';
import type { Image, Summary } from '../../console/types.ts';

const image = (registry: string, state: string, reason: string) =>
  ({ registry, state, reason, remedy: `About ${reason}.` }) as Image;

test('images are grouped by registry and reason, each group with what to do; what passes comes last', () => {
  const groups = groupsOf([
    image('contoso', 'pending', 'replayed'),
    image('contoso', 'pending', 'coder-unavailable'),
    image('contoso', 'failed', 'coder-unauthorized'),
    image('contoso', 'failed', 'template-missing'),
    image('fabrikam', 'failed', 'template-missing'),
    image('contoso', 'failed', 'template-missing'),
  ]);

  expect(
    groups.map(({ registry, reason, count, example }) => [registry, reason, count, example?.remedy]),
  ).toEqual([
    ['contoso', 'template-missing', 2, 'About template-missing.'],
    ['contoso', 'coder-unauthorized', 1, 'About coder-unauthorized.'],
    ['fabrikam', 'template-missing', 1, 'About template-missing.'],
    ['contoso', 'coder-unavailable', 1, 'About coder-unavailable.'],
    ['contoso', 'replayed', 1, 'About replayed.'],
  ]);
});

test('of a count only what failed or waits needs attention', () => {
  const byReason = ['imported', 'failed', 'skipped', 'pending'].map(state => ({
    state,
    reason: state,
    count: 2,
  }));
  const summary = { registries: [{ name: 'contoso', images: { byReason } }] } as unknown as Summary;

  expect(groupsIn(summary).map(({ state }) => state)).toEqual(['failed', 'pending']);
});
