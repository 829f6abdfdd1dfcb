import { expect, test } from 'vitest';
import { decideImport } from '../../../shared/images/decide.ts';
import { ImageConfig } from '../../../shared/images/image-config.ts';
import type { ReadChild } from '../../../shared/images/image-index.ts';
import type { ImportFacts } from '../../../shared/images/step.ts';

const image = { config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: 'sha256:config' } };
const index = { manifests: [{ digest: 'sha256:amd', platform: { os: 'linux', architecture: 'amd64' } }] };
const chart = { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: 'sha256:config' } };
const found = (manifest: unknown) => ({ digest: 'sha256:now', manifest });
const amd64 = ImageConfig.parse({ os: 'linux', architecture: 'amd64' });
const silent = ImageConfig.parse({});
const config = { digest: 'sha256:config', config: amd64 };
const single = { kind: 'image', configDigest: 'sha256:config' } as const;
const read = (...children: [string, ReadChild][]) => new Map(children);
const readAmd = read(['sha256:amd', { manifest: single, config: amd64 }]);
const windows = ImageConfig.parse({ os: 'windows', architecture: 'amd64' });
const model = { ...image, layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: 'sha256:l' }] };
const indexOf = (...children: [string, object?][]) => ({
  manifests: children.map(([digest, platform]) => ({ digest, platform })),
});
const many = Array.from({ length: 20 }, (_, i) => `sha256:${i}`);
const listed = (digest: string, pushedOn: Date) => ({ tag: 'v1', digest, pushedOn });
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
const inSeconds = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const LOOK_AGAIN = { do: 'record', reason: 'waiting-for-registry', lookAgainOn: inSeconds(10) };

/** A record here has its message only where that counts. */
type Facts = { [K in Exclude<keyof ImportFacts, 'record'>]?: ImportFacts[K] | undefined } & {
  record?: Partial<NonNullable<ImportFacts['record']>>;
};

const excluded = { ...skip('excluded'), rule: { repository: 'team/*', action: 'exclude' } } as const;
const EXCLUDED = 'The rule {"repository":"team/*"} excludes it.';

const CASES: [string, Facts, object][] = [
  ['a tag that no rule covers', { verdict: skip('no-rule') }, { do: 'record', reason: 'no-rule' }],
  ['an excluded tag', { verdict: excluded }, { do: 'record', reason: 'excluded', message: EXCLUDED }],
  [
    'the tag of a signature',
    { verdict: skip('excluded') },
    { message: 'Its tag belongs to a signature, an attestation or an SBOM.' },
  ],
  [
    'an excluded tag that was recorded before, with what became of it in Coder',
    { verdict: excluded, record: { reason: 'excluded', digest: 'sha256:now', message: `${EXCLUDED} Kept.` } },
    { do: 'nothing' },
  ],
  [
    'an excluded tag that another rule excluded before',
    {
      verdict: excluded,
      record: { reason: 'excluded', digest: 'sha256:now', message: 'The rule {} excludes it.' },
    },
    { do: 'record', message: EXCLUDED },
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
  [
    'a tag of a suspended registry',
    { verdict: skip('suspended') },
    { do: 'record', reason: 'suspended', message: 'The registry is suspended.' },
  ],
  [
    'a tag of a suspended rule',
    { verdict: { ...skip('suspended'), rule: { repository: '**', tag: { glob: 'v*' }, suspended: true } } },
    { do: 'record', message: 'The rule {"repository":"**","tag":{"glob":"v*"}} is suspended.' },
  ],
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
  ['a single image, unread', {}, { do: 'read-config', digest: 'sha256:config' }],
  ['a single image', { config }, { do: 'apply', digests: ['sha256:now'] }],
  [
    'an index',
    { found: found(index), children: readAmd },
    { do: 'apply', digests: ['sha256:now', 'sha256:amd'] },
  ],
  [
    'a single image, when another one was read before',
    { config: { digest: 'sha256:other', config: silent } },
    { do: 'read-config', digest: 'sha256:config' },
  ],
  ['an index, unread', { found: found(index) }, { do: 'read-child', digest: 'sha256:amd' }],
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
      record: {
        ...{ state: 'failed', reason: 'platforms-missing', digest: 'sha256:now' },
        message: 'It lacks linux/arm64. Its rule waits 60 minutes for them.',
      },
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
    { found: found(index), verdict: platforms('linux/amd64'), children: readAmd },
    { do: 'apply' },
  ],
  [
    'a single image of another platform',
    { config, verdict: platforms('linux/arm64') },
    { do: 'record', reason: 'waiting-for-platforms' },
  ],
  // What cannot start.
  [
    'a BuildKit cache',
    {
      found: found({
        manifests: [{ digest: 'sha256:a', mediaType: 'application/vnd.buildkit.cacheconfig.v0' }],
      }),
    },
    { do: 'record', reason: 'build-cache' },
  ],
  ['a model', { found: found(model) }, { do: 'record', reason: 'not-runnable' }],
  [
    'a model where an image was, and the rule says remove',
    { found: found(model), verdict: removing, record: { state: 'imported', reason: 'tag-added', memo: {} } },
    { do: 'withdraw', reason: 'not-runnable' },
  ],
  [
    'an image for Windows',
    { config: { digest: 'sha256:config', config: windows } },
    {
      ...{ do: 'record', reason: 'no-runnable-platform', platforms: 'windows/amd64' },
      message: 'It is for windows/amd64 only.',
    },
  ],
  [
    'an image for Windows, where workspaces run on it',
    { config: { digest: 'sha256:config', config: windows }, runnable: ['linux', 'windows'] },
    { do: 'apply' },
  ],
  [
    'an image for Windows, where its rule requires that',
    { config: { digest: 'sha256:config', config: windows }, verdict: platforms('windows/amd64') },
    { do: 'apply' },
  ],
  [
    'an image for Windows, where its rule requires Linux',
    { config: { digest: 'sha256:config', config: windows }, verdict: platforms('linux/amd64') },
    { do: 'record', reason: 'waiting-for-platforms' },
  ],
  [
    'an image that does not say what it is for',
    { config: { digest: 'sha256:config', config: silent } },
    { do: 'apply' },
  ],
  [
    'an index for Windows',
    { found: found(indexOf(['sha256:win', { os: 'windows', architecture: 'amd64' }])) },
    { do: 'record', reason: 'no-runnable-platform' },
  ],
  [
    'an index of which the one image turned out to be a model',
    {
      found: found(index),
      children: read([
        'sha256:amd',
        { manifest: { kind: 'other', reason: 'not-runnable', what: 'a model' }, config: null },
      ]),
    },
    { do: 'record', reason: 'not-runnable', message: 'It is a model.' },
  ],

  // What an index does not tell itself.
  [
    'an index whose child has no platform',
    { found: found(indexOf(['sha256:a'])) },
    { do: 'read-child', digest: 'sha256:a' },
  ],
  [
    'an index whose child has no platform, which was read',
    {
      found: found(indexOf(['sha256:a'])),
      children: read(['sha256:a', { manifest: single, config: amd64 }]),
    },
    { do: 'apply', digests: ['sha256:now', 'sha256:a'] },
  ],
  [
    'an index whose child has no platform and turned out to be for Windows',
    {
      found: found(indexOf(['sha256:a'])),
      children: read(['sha256:a', { manifest: single, config: windows }]),
    },
    { do: 'record', reason: 'no-runnable-platform' },
  ],
  [
    'an index whose child the registry does not have',
    { found: found(indexOf(['sha256:a'])), children: read(['sha256:a', { manifest: null, config: null }]) },
    { do: 'apply', digests: ['sha256:now', 'sha256:a'], labels: {} },
  ],
  [
    'an index that has linux/amd64 and a child of which it tells nothing: only the one is read, for its labels',
    { found: found(indexOf(['sha256:a'], ['sha256:amd', amd64])) },
    { do: 'read-child', digest: 'sha256:amd' },
  ],
  [
    'the same, where a platform is missing that the other child may have',
    {
      found: found(indexOf(['sha256:a'], ['sha256:amd', amd64])),
      verdict: platforms('linux/arm64'),
    },
    { do: 'read-child', digest: 'sha256:a' },
  ],
  [
    'an index of an index, of which the inner one was read',
    {
      found: found(indexOf(['sha256:inner'])),
      children: read([
        'sha256:inner',
        {
          manifest: { kind: 'index', children: [{ digest: 'sha256:amd', platform: 'linux/amd64' }] },
          config: null,
        },
      ]),
    },
    { do: 'read-child', digest: 'sha256:amd' },
  ],
  [
    'an index of which as many children were read as are read at most',
    {
      found: found(indexOf(...many.map(digest => [digest] as [string]))),
      children: read(
        ...many
          .slice(0, 16)
          .map(digest => [digest, { manifest: single, config: windows }] as [string, ReadChild]),
      ),
    },
    { do: 'apply', labels: {} },
  ],

  // What a replica does not show yet.
  ['a push that is not shown', { found: null, awaited: {}, verdict: removing }, LOOK_AGAIN],
  [
    'a push of which the old digest is shown, before the list is read',
    { awaited: { digest: 'sha256:next' }, listed: undefined },
    { do: 'read-tag' },
  ],
  [
    'a push of which the old digest is shown',
    { awaited: { digest: 'sha256:next' }, listed: listed('sha256:now', minutesAgo(60)) },
    { ...LOOK_AGAIN, awaited: { digest: 'sha256:next', until: inSeconds(90) } },
  ],
  [
    'a push of which manifest and list do not agree',
    { awaited: { digest: 'sha256:next' }, listed: listed('sha256:next', NOW) },
    LOOK_AGAIN,
  ],
  [
    'a push after which there was another one',
    { awaited: { digest: 'sha256:before' }, listed: listed('sha256:now', NOW), config },
    { do: 'apply' },
  ],
  ['a push that is shown', { awaited: { digest: 'sha256:now' }, listed: undefined, config }, { do: 'apply' }],
  ['a push of which the event named no digest', { awaited: {}, listed: undefined, config }, { do: 'apply' }],
  [
    'a push of which the old digest is shown, the last time',
    {
      awaited: { digest: 'sha256:next', until: inSeconds(3) },
      listed: listed('sha256:now', minutesAgo(60)),
    },
    { ...LOOK_AGAIN, lookAgainOn: inSeconds(3) },
  ],
  [
    'a push of which the old digest is shown for too long',
    {
      ...{ awaited: { digest: 'sha256:next', until: NOW }, config },
      listed: listed('sha256:now', minutesAgo(60)),
    },
    { do: 'apply' },
  ],
  [
    'a push that is not shown for too long',
    { found: null, awaited: { until: NOW }, verdict: removing },
    { do: 'withdraw', reason: 'removed-from-coder' },
  ],
  ['a tag that is gone, before the list is read', { found: null, listed: undefined }, { do: 'read-tag' }],
  [
    'a tag that is listed without its manifest, where the rule says remove',
    { found: null, listed: listed('sha256:now', minutesAgo(60)), verdict: removing },
    LOOK_AGAIN,
  ],
  [
    'a tag that is listed without its manifest for too long, where the rule says remove',
    { found: null, listed: listed('sha256:now', minutesAgo(60)), verdict: removing, awaited: { until: NOW } },
    { do: 'read-listed', digest: 'sha256:now' },
  ],
  [
    'the same, when the registry does not forbid to read its digest either',
    {
      ...{ found: null, listed: listed('sha256:now', minutesAgo(60)), hasListed: false },
      ...{ verdict: removing, awaited: { until: NOW } },
    },
    { do: 'record', reason: 'manifest-missing', digest: 'sha256:now' },
  ],
  [
    'the same once more',
    {
      ...{ found: null, listed: listed('sha256:now', minutesAgo(60)), awaited: { until: NOW } },
      hasListed: false,
      record: {
        ...{ state: 'failed', reason: 'manifest-missing', digest: 'sha256:now' },
        message: 'The registry lists the tag with sha256:now, and has no such manifest.',
      },
    },
    { do: 'nothing' },
  ],
];

test.each(CASES)('%s', (_, { record, ...facts }, expected) => {
  const usual = {
    verdict: { action: 'import', pinned: false },
    found: found(image),
    listed: null,
    children: new Map(),
    runnable: ['linux'],
    inDoubt: false,
    onlyToImport: false,
    isLocked: true,
    pushedOn: minutesAgo(1),
    now: NOW,
    record: record && { message: '', ...record },
  };

  expect(decideImport({ ...usual, ...facts } as ImportFacts)).toMatchObject(expected);
});
