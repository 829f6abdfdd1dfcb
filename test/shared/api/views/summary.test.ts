import { expect, test } from 'vitest';
import { summaryView } from '../../../../shared/api/views/summary.ts';
import { Rollout } from '../../../../shared/coder/v2/rollout.ts';

const NOW = new Date('2026-11-02T09:30:00Z');

test.each([
  ['what a variable is to name', {}, { image: 'host/app:v2' }],
  ['nothing for a variable whose image a person keeps away', { image: ['host/app:v2'] }, {}],
  [
    'what a variable is to name when another image is held',
    { image: ['host/app:v1'] },
    { image: 'host/app:v2' },
  ],
])('a template shows %s', (_, held, wanted) => {
  const said = { registry: 'r', repository: 'app', tag: 'v2', digest: 'd', pushedOn: NOW };
  const rollout = Rollout.parse({ wishes: { image: { ...said, value: 'host/app:v2' } }, held });

  const view = summaryView({ registries: [], rollouts: [rollout], reconcileEveryMinutes: 60, now: NOW });

  expect(view.templates.map(template => template.wanted)).toEqual([wanted]);
});
