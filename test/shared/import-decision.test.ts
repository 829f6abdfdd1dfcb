import { expect, test } from 'vitest';
import { decideImport, type ImportFacts } from '../../shared/import-decision.ts';

const image = { config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: 'sha256:config' } };
const index = { manifests: [{ digest: 'sha256:amd', platform: { os: 'linux', architecture: 'amd64' } }] };
const chart = { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: 'sha256:config' } };
const found = (manifest: unknown) => ({ digest: 'sha256:now', manifest });
const config = { os: 'linux', architecture: 'amd64' };
const platforms = (...names: string[]) =>
  ({ action: 'import', rule: { repository: '**', platforms: names } }) as const;

const removing = { action: 'import', rule: { repository: '**', onDelete: 'remove' } } as const;

const CASES: [string, Partial<ImportFacts>, object][] = [
  [
    'a tag that no rule covers',
    { verdict: { action: 'skip', reason: 'no-rule' } },
    { do: 'record', reason: 'no-rule' },
  ],
  [
    'an excluded tag',
    { verdict: { action: 'skip', reason: 'excluded' } },
    { do: 'record', reason: 'excluded' },
  ],
  [
    'an excluded tag that was recorded before',
    { verdict: { action: 'skip', reason: 'excluded' }, record: { state: 'skipped', reason: 'excluded' } },
    { do: 'nothing' },
  ],
  ['a tag that is gone', { found: undefined }, { do: 'record', reason: 'gone' }],
  [
    'a tag that was imported and is gone',
    { found: undefined, record: { state: 'imported', reason: 'tag-added', digest: 'sha256:now' } },
    { do: 'record', reason: 'gone' },
  ],
  [
    'a tag that is gone, where the rule says remove',
    { found: undefined, verdict: removing },
    { do: 'remove' },
  ],
  [
    'a tag that was kept when it went, before the rule said remove',
    { found: undefined, verdict: removing, record: { state: 'removed', reason: 'gone' } },
    { do: 'remove' },
  ],
  [
    'a tag that was removed before',
    { found: undefined, verdict: removing, record: { state: 'removed', reason: 'removed-from-coder' } },
    { do: 'nothing' },
  ],
  ['a Helm chart', { found: found(chart) }, { do: 'record', reason: 'not-an-image' }],
  [
    'the same digest again',
    { record: { state: 'imported', reason: 'tag-added', digest: 'sha256:now' } },
    { do: 'nothing' },
  ],
  [
    'another digest',
    { record: { state: 'imported', reason: 'tag-added', digest: 'sha256:before' }, config },
    { do: 'forward', digests: ['sha256:now'] },
  ],
  [
    'the same digest that failed before',
    { record: { state: 'failed', reason: 'coder-rejected', digest: 'sha256:now' }, config },
    { do: 'forward', digests: ['sha256:now'] },
  ],
  ['a single image, unread', {}, { do: 'read-config', digest: 'sha256:config' }],
  ['a single image', { config }, { do: 'forward', digests: ['sha256:now'] }],
  ['an index', { found: found(index) }, { do: 'forward', digests: ['sha256:now', 'sha256:amd'] }],
  [
    'an index without a required platform',
    { found: found(index), verdict: platforms('linux/amd64', 'linux/arm64') },
    { do: 'record', reason: 'waiting-for-platforms', message: 'It lacks linux/arm64.' },
  ],
  [
    'an index with the required platform',
    { found: found(index), verdict: platforms('linux/amd64') },
    { do: 'forward' },
  ],
  [
    'a single image of another platform',
    { config, verdict: platforms('linux/arm64') },
    { do: 'record', reason: 'waiting-for-platforms' },
  ],
];

test.each(CASES)('%s', (_, facts, expected) => {
  expect(decideImport({ verdict: { action: 'import' }, found: found(image), ...facts })).toMatchObject(
    expected,
  );
});
