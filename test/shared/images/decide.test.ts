import { expect, test } from 'vitest';
import { decideImport, type ImportFacts } from '../../../shared/images/decide.ts';

const image = { config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: 'sha256:config' } };
const index = { manifests: [{ digest: 'sha256:amd', platform: { os: 'linux', architecture: 'amd64' } }] };
const chart = { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: 'sha256:config' } };
const found = (manifest: unknown) => ({ digest: 'sha256:now', manifest });
const amd64 = { os: 'linux', architecture: 'amd64' };
const config = { digest: 'sha256:config', config: amd64 };
const childConfig = { digest: 'sha256:amd', config: amd64 };
const platforms = (...names: string[]) =>
  ({ action: 'import', rule: { repository: '**', platforms: names }, pinned: false }) as const;

const removing = {
  action: 'import',
  rule: { repository: '**', onDelete: 'remove' },
  pinned: false,
} as const;
const skip = (reason: 'no-rule' | 'excluded' | 'suspended', withdraw = false) =>
  ({ action: 'skip', reason, withdraw }) as const;
const NOW = new Date('2026-01-31T08:00:00Z');
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

const CASES: [string, { [K in keyof ImportFacts]?: ImportFacts[K] | undefined }, object][] = [
  ['a tag that no rule covers', { verdict: skip('no-rule') }, { do: 'record', reason: 'no-rule' }],
  ['an excluded tag', { verdict: skip('excluded') }, { do: 'record', reason: 'excluded' }],
  [
    'an excluded tag that was recorded before',
    { verdict: skip('excluded'), found: null, record: { state: 'skipped', reason: 'excluded' } },
    { do: 'nothing' },
  ],
  [
    'an excluded tag that Coder was given, where the rule says remove',
    {
      verdict: skip('excluded', true),
      record: { state: 'imported', reason: 'tag-added', memo: {} },
    },
    { do: 'withdraw', reason: 'excluded' },
  ],
  [
    'an excluded tag that Coder may have been given, where the rule says remove',
    { verdict: skip('excluded', true), inDoubt: true },
    { do: 'withdraw', reason: 'excluded' },
  ],
  [
    'an excluded tag that Coder was never given, where the rule says remove',
    { verdict: skip('excluded', true) },
    { do: 'record', reason: 'excluded' },
  ],
  [
    'an excluded tag that Coder was given, where nothing says remove',
    { verdict: skip('excluded'), record: { state: 'imported', reason: 'tag-added', memo: {} } },
    { do: 'record', reason: 'excluded' },
  ],
  ['a suspended tag', { verdict: skip('suspended') }, { do: 'record', reason: 'suspended' }],
  ['a tag that is gone', { found: null }, { do: 'record', reason: 'gone' }],
  [
    'a tag that was imported and is gone',
    { found: null, record: { state: 'imported', reason: 'tag-added', digest: 'sha256:now' } },
    { do: 'record', reason: 'gone' },
  ],
  ['a tag that is gone, where the rule says remove', { found: null, verdict: removing }, { do: 'withdraw' }],
  [
    'a tag that was kept when it went, before the rule said remove',
    { found: null, verdict: removing, record: { state: 'removed', reason: 'gone' } },
    { do: 'withdraw' },
  ],
  [
    'a tag that was removed before',
    { found: null, verdict: removing, record: { state: 'removed', reason: 'removed-from-coder' } },
    { do: 'nothing' },
  ],
  [
    'a tag that was removed before and is looked at once more',
    {
      found: null,
      verdict: removing,
      record: { state: 'removed', reason: 'removed-from-coder', dueOn: NOW },
    },
    { do: 'withdraw' },
  ],
  ['a Helm chart', { found: found(chart) }, { do: 'record', reason: 'not-an-image' }],
  [
    'a Helm chart where an image was, and the rule says remove',
    {
      found: found(chart),
      verdict: removing,
      record: { state: 'imported', reason: 'tag-added', memo: {} },
    },
    { do: 'withdraw', reason: 'not-an-image' },
  ],
  [
    'the same digest again',
    { record: { state: 'imported', reason: 'tag-added', digest: 'sha256:now' } },
    { do: 'nothing' },
  ],
  [
    'the same digest again, when Coder may have another',
    { record: { state: 'imported', reason: 'tag-added', digest: 'sha256:now' }, inDoubt: true, config },
    { do: 'apply' },
  ],
  [
    'another digest',
    { record: { state: 'imported', reason: 'tag-added', digest: 'sha256:before' }, config },
    { do: 'apply', digests: ['sha256:now'] },
  ],
  [
    'the same digest that failed before',
    { record: { state: 'failed', reason: 'coder-rejected', digest: 'sha256:now' }, config },
    { do: 'apply', digests: ['sha256:now'] },
  ],
  ['a single image, unread', {}, { do: 'read-config', from: { kind: 'blob', digest: 'sha256:config' } }],
  ['a single image', { config }, { do: 'apply', digests: ['sha256:now'] }],
  [
    'an index',
    { found: found(index), config: childConfig },
    { do: 'apply', digests: ['sha256:now', 'sha256:amd'] },
  ],
  [
    'a single image, when another one was read before',
    { config: childConfig },
    { do: 'read-config', from: { kind: 'blob', digest: 'sha256:config' } },
  ],
  [
    'an index, unread',
    { found: found(index) },
    { do: 'read-config', from: { kind: 'image', digest: 'sha256:amd' } },
  ],
  ['a tag that was not looked for yet', { found: undefined }, { do: 'read-manifest' }],
  ['a single image, before it is locked', { config, isLocked: false }, { do: 'lock' }],
  [
    'a tag that is gone, where the rule says remove, before it is locked',
    { found: null, verdict: removing, isLocked: false },
    { do: 'lock' },
  ],
  [
    'a tag that is gone, where the rule says remove, when it is only to be imported',
    { found: null, verdict: removing, onlyToImport: true },
    { do: 'record', reason: 'gone' },
  ],
  [
    'an index without a required platform',
    { found: found(index), verdict: platforms('linux/amd64', 'linux/arm64') },
    {
      do: 'record',
      reason: 'waiting-for-platforms',
      message: 'It lacks linux/arm64.',
      until: new Date(NOW.getTime() + 59 * 60_000),
    },
  ],
  [
    'an index without a required platform, an hour after its push',
    { found: found(index), verdict: platforms('linux/arm64'), pushedOn: minutesAgo(60) },
    { do: 'record', reason: 'platforms-missing' },
  ],
  [
    'the same again',
    {
      found: found(index),
      verdict: platforms('linux/arm64'),
      pushedOn: minutesAgo(60),
      record: { state: 'failed', reason: 'platforms-missing', digest: 'sha256:now' },
    },
    { do: 'nothing' },
  ],
  [
    'an index without a required platform, while its rule still waits',
    {
      found: found(index),
      verdict: {
        action: 'import',
        rule: { repository: '**', platforms: ['linux/arm64'], platformsDeadlineMinutes: 61 },
        pinned: false,
      },
      pushedOn: minutesAgo(60),
    },
    { do: 'record', reason: 'waiting-for-platforms' },
  ],
  [
    'an index with the required platform',
    { found: found(index), verdict: platforms('linux/amd64'), config: childConfig },
    { do: 'apply' },
  ],
  [
    'a single image of another platform',
    { config, verdict: platforms('linux/arm64') },
    { do: 'record', reason: 'waiting-for-platforms' },
  ],
];

test.each(CASES)('%s', (_, facts, expected) => {
  const usual = {
    verdict: { action: 'import', pinned: false },
    found: found(image),
    inDoubt: false,
    onlyToImport: false,
    isLocked: true,
    pushedOn: minutesAgo(1),
    now: NOW,
  };

  expect(decideImport({ ...usual, ...facts } as ImportFacts)).toMatchObject(expected);
});
