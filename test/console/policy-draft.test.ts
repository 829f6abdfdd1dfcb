import { expect, test } from 'vitest';
import { parsePolicy, rulesWithoutTemplate, withRuleFor } from '../../console/policy-draft.ts';

const POLICY = { rules: [{ repository: 'team/*' }] };

test('a repository without a rule gets one at the end, and with Coder v2 a template', () => {
  expect(withRuleFor('tools/cli', POLICY, true).rules).toEqual([
    { repository: 'team/*' },
    { repository: 'tools/cli', templates: [{ template: 'cli' }] },
  ]);
  expect(withRuleFor('tools/cli', POLICY, false).rules[1]).toEqual({ repository: 'tools/cli' });
});

test('a repository with a rule of its own keeps it', () => {
  expect(withRuleFor('team/*', POLICY, true)).toBe(POLICY);
});

test.each([
  ['{ "rules": [] }', { rules: [] }],
  ['{ "rules": 1 }', undefined],
  ['null', undefined],
  ['{ "rules": [', undefined],
])('the draft %s is a policy as far as it can be read', (text, policy) => {
  expect(parsePolicy(text)).toEqual(policy);
});

const TEMPLATES = [{ template: 'api' }];

test.each([
  ['names none', [{ repository: 'a' }, { repository: 'b', templates: TEMPLATES }], undefined, [0]],
  ['names none in its list', [{ repository: 'a', templates: [] }], undefined, [0]],
  ['excludes', [{ repository: 'a', action: 'exclude' }], undefined, []],
  ['leaves it to the registry', [{ repository: 'a' }], TEMPLATES, []],
  ['is no rule yet', [null, 3], undefined, [0, 1]],
])('a rule that %s', (_, rules, templates, places) => {
  expect(rulesWithoutTemplate({ rules }, { templates })).toEqual(places);
});
