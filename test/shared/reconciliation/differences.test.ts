import { expect, test } from 'vitest';
import { repositoryOf } from '../../../shared/coder/classic/inventory.ts';
import { Policy } from '../../../shared/policy/policy.ts';
import { compareRepository, type RepositoryFacts } from '../../../shared/reconciliation/differences.ts';
import type { ImageRecord } from '../../../shared/records/image.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 31, 8, minute));
const record = (tag: string, more: Partial<ImageRecord> = {}): ImageRecord => ({
  ...{ registry: 'contoso', repository: 'team/app', tag, state: 'imported', reason: 'tag-added' },
  ...{ message: '', digest: `digest-${tag}`, attempts: 0, heardBy: 'event' },
  ...{ pushedOn: at(1), updatedOn: at(1), ...more },
});
const imported = (tag: string, more: Partial<ImageRecord> = {}) => record(tag, { memo: {}, ...more });
const inCoder = (...tags: string[]) => showing(tags.map(tag => [tag, `digest-${tag}`]));
const deprecated = (...tags: string[]) =>
  showing(
    tags.map(tag => [tag, `digest-${tag}`]),
    true,
  );
/** As Coder shows it, with the first tag as the default. */
const showing = (tags: [tag: string, digest: string][], isDeprecated = false) => {
  const listed = tags.map(([tag, latest_hash]) => ({ tag, latest_hash }));
  return repositoryOf({ deprecated: isDeprecated, default_tag: listed[0] }, listed);
};
/** The work on the tag left something behind. */
const leaving = (tag: string): RepositoryFacts['image'] => ({
  ...inCoder(tag),
  leftAt: which => (which === tag ? 'canary-left' : undefined),
});
const inRegistry = (...tags: string[]) =>
  new Map(tags.map((tag, i) => [tag, { digest: `digest-${tag}`, pushedOn: at(i) }]));
const records = (...list: ImageRecord[]) => new Map(list.map(each => [each.tag, each]));
const policy = (...rules: object[]) => ({ policy: Policy.parse({ rules }) });
const rule = { repository: '**' };
const removing = policy({ ...rule, onDelete: 'remove' });
const excluding = (more = {}) => policy({ ...rule, action: 'exclude', ...more });

const EXCLUDED = {
  state: 'skipped',
  reason: 'excluded',
  message: 'The rule {"repository":"**"} excludes it.',
} as const;
const forWindows = record('v1', {
  state: 'skipped',
  reason: 'no-runnable-platform',
  platforms: 'windows/amd64',
});

const AGREED: RepositoryFacts = {
  repository: 'team/app',
  registry: policy(),
  tags: inRegistry('v1'),
  records: records(imported('v1')),
  unreadable: new Set(),
  forgotten: new Set(),
  image: inCoder('v1'),
  runnable: ['linux'],
  missing: 'image-deleted-in-coder',
};

const CASES: [string, Partial<RepositoryFacts>, string[]][] = [
  ['all agree', {}, []],
  ['a tag without a record', { tags: inRegistry('v1', 'v2') }, ['v2 missed-push']],
  [
    'a tag that moved unheard of',
    { tags: new Map([['v1', { digest: 'other', pushedOn: at(2) }]]) },
    ['v1 missed-push'],
  ],
  [
    'a record that cannot be read',
    { records: records(), unreadable: new Set(['v1']) },
    ['v1 record-unreadable'],
  ],
  [
    'a record that cannot be read, of a tag that is gone',
    { tags: inRegistry(), image: undefined, records: records(), unreadable: new Set(['v1']) },
    ['v1 record-unreadable'],
  ],
  [
    'a pending image without a due row',
    { records: records(record('v1', { state: 'pending' })), forgotten: new Set(['v1']) },
    ['v1 forgotten'],
  ],
  [
    'a tag that came back',
    { records: records(record('v1', { state: 'removed', reason: 'gone' })) },
    ['v1 missed-push'],
  ],
  ['a tag that is gone', { tags: inRegistry() }, ['v1 gone']],
  [
    'a tag that is gone, and known to be',
    { tags: inRegistry(), records: records(record('v1', { state: 'removed', reason: 'gone' })) },
    [],
  ],
  [
    'a tag that is gone and known to be, which Coder is not to keep',
    {
      registry: removing,
      tags: inRegistry(),
      records: records(record('v1', { state: 'removed', reason: 'gone' })),
    },
    ['v1 gone'],
  ],
  [
    'the same, as the default tag, which is pinned',
    {
      registry: { ...removing, pinned: true },
      tags: inRegistry(),
      records: records(record('v1', { state: 'removed', reason: 'gone' })),
    },
    [],
  ],
  [
    'the last tag of an image, which Coder keeps deprecated',
    {
      registry: removing,
      tags: inRegistry(),
      records: records(record('v1', { state: 'removed', reason: 'removed-from-coder' })),
      image: deprecated('v1'),
    },
    [],
  ],
  ['a tag that only Coder has, where it may keep it', { image: inCoder('v1', 'v2') }, []],
  ['an image whose import left something in Coder', { image: leaving('v1') }, ['v1 canary-left']],
  [
    'an image that failed, and whose import left something in Coder',
    { records: records(record('v1', { state: 'failed', reason: 'canary-failed' })), image: leaving('v1') },
    ['v1 canary-left'],
  ],
  [
    'an image whose import left something in Coder, and goes on',
    { records: records(record('v1', { state: 'pending', reason: 'canary-running' })), image: leaving('v1') },
    [],
  ],
  [
    'an image whose import left something in Coder, in a registry that is suspended',
    { registry: { ...policy(), suspended: true }, image: leaving('v1') },
    [],
  ],
  [
    'a tag that only Coder has, where it may not',
    { registry: removing, image: inCoder('v1', 'v2') },
    ['v2 gone'],
  ],
  [
    'pending',
    { records: records(record('v1', { state: 'pending', reason: 'coder-busy' })), image: undefined },
    [],
  ],
  ['rejected', { records: records(record('v1', { state: 'failed', reason: 'coder-rejected' })) }, []],
  [
    'given up',
    { records: records(record('v1', { state: 'failed', reason: 'coder-unavailable' })) },
    ['v1 given-up'],
  ],
  [
    'rejected, and pushed since',
    { records: records(record('v1', { state: 'failed', reason: 'coder-rejected', digest: 'other' })) },
    ['v1 missed-push'],
  ],
  [
    'no image',
    { records: records(record('v1', { state: 'skipped', reason: 'not-an-image' })), image: undefined },
    [],
  ],
  [
    'a model',
    { records: records(record('v1', { state: 'skipped', reason: 'not-runnable' })), image: undefined },
    [],
  ],
  ['an image for Windows', { records: records(forWindows), image: undefined }, []],
  [
    'an image for Windows, now that workspaces run on it',
    { records: records(forWindows), image: undefined, runnable: ['linux', 'windows'] },
    ['v1 policy-changed'],
  ],
  [
    'an image for Windows, now that its rule requires that',
    {
      records: records(forWindows),
      image: undefined,
      registry: policy({ ...rule, platforms: ['windows/amd64'] }),
    },
    ['v1 policy-changed'],
  ],
  [
    'a tag without a manifest, and known to be',
    { records: records(record('v1', { state: 'failed', reason: 'manifest-missing' })), image: undefined },
    [],
  ],
  [
    'skipped, and not any more',
    { records: records(record('v1', { state: 'skipped', reason: 'no-rule' })) },
    ['v1 policy-changed'],
  ],
  ['excluded, and known to be', { registry: excluding(), records: records(record('v1', EXCLUDED)) }, []],
  [
    'excluded, by another rule than its record says',
    { registry: excluding({ tag: { glob: 'v*' } }), records: records(record('v1', EXCLUDED)) },
    ['v1 policy-changed'],
  ],
  ['excluded without a record', { registry: excluding(), records: records(), image: undefined }, []],
  ['excluded by now', { registry: excluding() }, ['v1 policy-changed']],
  [
    'excluded, and in Coder, which may not keep it',
    {
      registry: excluding({ onDelete: 'remove' }),
      records: records(record('v1', EXCLUDED)),
    },
    ['v1 policy-changed'],
  ],
  [
    'suspended',
    { registry: { ...policy(), suspended: true }, tags: inRegistry('v1', 'v2'), image: undefined },
    [],
  ],
  [
    'the registry deleted in Coder',
    { image: undefined, missing: 'registry-deleted-in-coder' },
    ['v1 registry-deleted-in-coder'],
  ],
  ['the image deleted in Coder', { image: undefined }, ['v1 image-deleted-in-coder']],
  ['the tag deleted in Coder', { image: inCoder('v0') }, ['v1 tag-deleted-in-coder']],
  ['another digest in Coder', { image: showing([['v1', 'other']]) }, ['v1 digest-drift']],
  [
    'the digest of one platform in Coder, as it was when it was imported',
    {
      image: showing([['v1', 'child']]),
      records: records(imported('v1', { coderDigest: 'child' })),
    },
    [],
  ],
  [
    'gone ones come after those that are to be imported, and these as they were pushed',
    { registry: removing, tags: inRegistry('z', 'a'), image: inCoder('v1') },
    ['z missed-push', 'a missed-push', 'v1 gone'],
  ],
];

const VERSIONS: Partial<RepositoryFacts> = {
  tags: inRegistry('1.0.0', '1.2.0', '1.10.0', 'x'),
  records: records(
    imported('1.0.0', { pushedOn: at(1) }),
    imported('1.2.0', { pushedOn: at(9) }),
    imported('1.10.0', { pushedOn: at(3) }),
    imported('x', { pushedOn: at(4) }),
  ),
  image: inCoder('1.0.0', '1.2.0', '1.10.0', 'x'),
};
const DEFAULTS: [string, Partial<RepositoryFacts>, string[]][] = [
  ['first', { registry: policy({ ...rule, defaultTag: 'first' }) }, []],
  ['never', { registry: policy({ ...rule, defaultTag: 'never' }) }, []],
  ['newest', { registry: policy({ ...rule, defaultTag: 'newest' }) }, ['1.2.0 default-tag-drift']],
  [
    'highest-semver',
    { registry: policy({ ...rule, defaultTag: 'highest-semver' }) },
    ['1.10.0 default-tag-drift'],
  ],
  ['newest, pinned', { registry: policy({ ...rule, defaultTag: 'newest', pinned: true }) }, []],
  [
    'newest, of an image that was deprecated by hand',
    {
      registry: policy({ ...rule, defaultTag: 'newest' }),
      image: deprecated('1.0.0', '1.2.0', '1.10.0', 'x'),
    },
    [],
  ],
];

test.each([
  ...CASES,
  ...DEFAULTS.map(
    ([name, facts, found]) => [`the default tag is ${name}`, { ...VERSIONS, ...facts }, found] as const,
  ),
])('%s', async (_, facts, expected) => {
  const { differences } = await compareRepository({ ...AGREED, ...facts });

  expect(differences.map(({ tag, kind }) => `${tag} ${kind}`)).toEqual(expected);
});

const LEFT: [string, Partial<RepositoryFacts>, string[]][] = [
  ['what agrees', {}, []],
  ['what differs', { tags: inRegistry('v1', 'v2') }, []],
  [
    'what is to be tried again',
    { records: records(record('v1', { state: 'pending', reason: 'coder-busy' })), image: undefined },
    ['v1 pending coder-busy'],
  ],
  [
    'what is to be removed, and in use',
    {
      registry: removing,
      tags: inRegistry(),
      records: records(record('v1', { state: 'pending', reason: 'tag-in-use' })),
    },
    ['v1 pending tag-in-use'],
  ],
  [
    'what Coder refused',
    { records: records(record('v1', { state: 'failed', reason: 'coder-rejected' })), image: undefined },
    ['v1 failed coder-rejected'],
  ],
  [
    'what was given up, which differs',
    { records: records(record('v1', { state: 'failed', reason: 'coder-unavailable' })) },
    [],
  ],
  [
    'what is no image',
    { records: records(record('v1', { state: 'skipped', reason: 'not-an-image' })), image: undefined },
    ['v1 skipped not-an-image'],
  ],
  [
    'what no rule matches, without a record',
    { registry: policy({ repository: 'other' }), records: records(), image: undefined },
    ['v1 skipped no-rule'],
  ],
  ['what only Coder has', { image: inCoder('v1', 'v2') }, []],
  [
    'what is gone, and known to be',
    { tags: inRegistry(), records: records(record('v1', { state: 'removed', reason: 'gone' })) },
    [],
  ],
  [
    'what is suspended, whatever its record says',
    {
      registry: { ...policy(), suspended: true },
      tags: inRegistry('v1', 'v2'),
      records: records(record('v2', { state: 'pending', reason: 'coder-busy' })),
    },
    ['v1 suspended suspended', 'v2 suspended suspended'],
  ],
];

test.each(LEFT)('of what is left as it is: %s', async (_, facts, expected) => {
  const { left } = await compareRepository({ ...AGREED, ...facts });

  expect(left.map(({ tag, why, reason }) => `${tag} ${why} ${reason}`)).toEqual(expected);
});
