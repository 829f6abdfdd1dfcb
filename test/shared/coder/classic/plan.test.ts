import { expect, test } from 'vitest';
import { planImage } from '../../../../shared/coder/classic/plan.ts';
import { planRemoval } from '../../../../shared/coder/classic/withdraw.ts';
import type { DefaultTag } from '../../../../shared/coder/default-tag.ts';

const image = {
  id: 'image',
  organization_id: 'org',
  repository: 'team/app',
  description: 'old',
  default_tag: { tag: 'v1' },
  default_cpu_cores: 2,
};
const wanted = {
  tag: 'v2',
  digests: ['sha256:index', 'sha256:child'],
  defaults: {},
  makeDefault: false,
  restore: false,
};
const tagAt = (latest_hash: string | null) => ({ tag: 'v2', latest_hash });

test.each([
  ['a new tag is added', undefined, {}, { tag: 'add', change: undefined }],
  [
    'a new tag becomes the default as it is added',
    undefined,
    { makeDefault: true },
    { tag: 'add', change: undefined },
  ],
  ['a moved tag is refreshed', tagAt('sha256:old'), {}, { tag: 'refresh', change: undefined }],
  ['a tag that Coder has not read yet is refreshed', tagAt(null), {}, { tag: 'refresh', change: undefined }],
  ['a current tag is kept', tagAt('sha256:index'), {}, { tag: 'keep', change: undefined }],
  ['a digest of one platform is current too', tagAt('sha256:child'), {}, { tag: 'keep', change: undefined }],
  [
    'the default is moved to a tag that is there',
    tagAt('sha256:index'),
    { makeDefault: true },
    { tag: 'keep', change: { default_tag: 'v2' } },
  ],
  [
    'only what differs is changed',
    tagAt('sha256:index'),
    { defaults: { cpuCores: 2, description: 'new' } },
    { tag: 'keep', change: { description: 'new' } },
  ],
])('%s', (_, tag, more, expected) => {
  expect(planImage({ image, tag, wanted: { ...wanted, ...more } })).toEqual(expected);
});

const tags = (...names: string[]) =>
  names.map((tag, i) => ({ tag, hash_last_updated_at: new Date(i * 1_000).toISOString() }));

test.each<[string, string, string[], string | undefined, DefaultTag, object]>([
  ['a tag that Coder does not have', 'v9', ['v1'], 'v1', 'first', { do: 'nothing' }],
  ['the last tag', 'v1', ['v1'], 'v1', 'first', { do: 'deprecate' }],
  [
    'a tag that is not the default',
    'v1',
    ['v1', 'v2'],
    'v2',
    'first',
    { do: 'delete', nextDefault: undefined },
  ],
  [
    'the default, which goes to the newest',
    'v1',
    ['v1', 'v2', 'v3'],
    'v1',
    'newest',
    { do: 'delete', nextDefault: 'v3' },
  ],
  [
    'the default, which goes to the highest',
    '3.0.0',
    ['2.0.0', '3.0.0', '1.0.0', 'x'],
    '3.0.0',
    'highest-semver',
    { do: 'delete', nextDefault: '2.0.0' },
  ],
  [
    'the default, without any version left',
    '3.0.0',
    ['3.0.0', 'a', 'b'],
    '3.0.0',
    'highest-semver',
    { do: 'delete', nextDefault: 'b' },
  ],
])('removing %s', (_, tag, present, current, policy, expected) => {
  const image = {
    id: 'i',
    organization_id: 'o',
    repository: 'r',
    default_tag: current ? { tag: current } : null,
  };

  expect(planRemoval(image, tags(...present), tag, policy, false)).toEqual(expected);
});
