import { expect, test } from 'vitest';
import { decideRollout } from '../../../../shared/coder/v2/decide.ts';
import type { RolloutFacts, VersionFact } from '../../../../shared/coder/v2/facts.ts';
import type { Building } from '../../../../shared/coder/v2/rollout.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 31, 8, minute));
const value = (content: string) => `myacr.azurecr.io/team/base:${content}@sha256:${content.repeat(64)}`;
const variable = (name: string, text: string, more = {}) => ({
  ...{ name, value: text, type: 'string', sensitive: false },
  ...more,
});
const version = (id: string, image: string, more: Partial<VersionFact> = {}): VersionFact => ({
  ...{
    id,
    name: id,
    createdOn: at(1),
    createdBy: 'person',
    fileId: 'file',
    status: 'succeeded',
    archived: false,
  },
  variables: [variable('image', image), variable('other', 'x')],
  ...more,
});
const building = (more: Partial<Building> = {}): Building => ({
  ...{ name: 'acr-b-bbbbbbbb-base', attempt: 1 },
  ...{ values: { image: value('b') }, before: { image: value('a') } },
  ...{ baseVersionId: 'base', fileId: 'file', versionId: 'ours', since: at(10), ...more },
});
const ours = (more: Partial<VersionFact> = {}) => version('ours', value('b'), { createdBy: 'me', ...more });
const last = { versionId: 'last', createdOn: at(5), begunOn: at(5), promotedOn: at(7) };
const named = { image: value('b') };
const replaced = [{ value: 'ubuntu:22.04', replacedOn: at(7) }];
const rollout = (more: Partial<RolloutFacts['rollout']> = {}) => ({
  ...{ wishes: {}, catalogs: {}, past: [], named: {}, actives: [], held: {} },
  ...{ canaryFailed: {}, suspects: {}, keptCanaries: [] },
  ...more,
});

type Facts = { [K in keyof RolloutFacts]?: RolloutFacts[K] };

const idle: [string, Facts, object][] = [
  ['a template that was not read', { template: undefined }, { do: 'read-template' }],
  ['a template that is gone', { template: null }, { do: 'settle', reason: 'template-missing' }],
  ['an active version that was not read', { active: undefined }, { do: 'read-active' }],
  [
    'another active version than was read',
    { template: { id: 'template', activeVersionId: 'newer' } },
    { do: 'read-active' },
  ],
  [
    'a template that names the image, by a version of the bridge',
    { active: version('base', value('b')), rollout: rollout({ last: { ...last, versionId: 'base' } }) },
    { do: 'settle', reason: 'template-updated' },
  ],
  [
    'a template that names the image, by a version of a person',
    { active: version('base', value('b')) },
    { do: 'settle', reason: 'already-in-template' },
  ],
  [
    'a template that names the digest by another tag',
    { active: version('base', value('b').replace(':b@', ':latest@')) },
    { do: 'settle', reason: 'already-in-template' },
  ],
  [
    'a template that names another image',
    {},
    { do: 'create', building: { name: 'acr-b-bbbbbbbb-base', baseVersionId: 'base', attempt: 1 } },
  ],
  [
    'a variable that is not declared',
    { active: version('base', '', { variables: [variable('images', '')] }) },
    { do: 'settle', reason: 'variable-missing', message: expect.stringContaining('it declares images') },
  ],
  [
    'a variable that is sensitive',
    { active: version('base', '', { variables: [variable('image', '*redacted*', { sensitive: true })] }) },
    { do: 'settle', reason: 'variable-sensitive' },
  ],
  [
    'a variable that is no string',
    { active: version('base', '', { variables: [variable('image', '[]', { type: 'list(string)' })] }) },
    { do: 'settle', reason: 'variable-missing', message: expect.stringContaining('list(string)') },
  ],
  [
    'a variable without a type',
    { active: version('base', '', { variables: [variable('image', '', { type: '' })] }) },
    { do: 'create' },
  ],
  [
    'what failed on the same base before',
    {
      rollout: rollout({
        failed: {
          values: { image: value('b') },
          baseVersionId: 'base',
          reason: 'template-invalid',
          message: 'no',
        },
      }),
    },
    { do: 'settle', reason: 'template-invalid', message: 'no' },
  ],
  [
    'what failed on another base before',
    {
      rollout: rollout({
        failed: {
          values: { image: value('b') },
          baseVersionId: 'old',
          reason: 'template-invalid',
          message: 'no',
        },
      }),
    },
    { do: 'create' },
  ],
  [
    'an older version that a person promoted',
    {
      active: version('base', value('a'), { createdOn: at(1) }),
      rollout: rollout({ last, named, past: replaced }),
    },
    { do: 'hold', values: { image: value('b') } },
  ],
  [
    'an older version that a person promoted, where the rule restores',
    {
      active: version('base', value('a'), { createdOn: at(1) }),
      rollout: rollout({ last, named, past: replaced }),
      restores: true,
    },
    { do: 'restore', versionId: 'last' },
  ],
  [
    'an older version that took back ours before, where the rule restores',
    {
      active: version('base', value('a'), { createdOn: at(1) }),
      rollout: rollout({ last, named, takenBackTo: 'base' }),
      restores: true,
    },
    { do: 'hold', values: { image: value('b') } },
  ],
  [
    'an older version that a person promoted, before another digest was pushed',
    {
      active: version('base', value('a'), { createdOn: at(1) }),
      rollout: rollout({ last, named: { image: value('a') } }),
    },
    { do: 'create' },
  ],
  [
    'a value of their own that a person set',
    {
      active: version('base', 'ubuntu:24.04', { createdOn: at(9) }),
      rollout: rollout({ last, named, past: [{ value: value('a') }] }),
    },
    { do: 'hold' },
  ],
  [
    'a newer version that copied an old value of the bridge',
    {
      active: version('base', value('a'), { createdOn: at(9) }),
      rollout: rollout({ last, named, past: [{ value: value('a') }] }),
    },
    { do: 'create' },
  ],
  [
    "a newer version with what was active before the bridge's last, from a push that was under way with it",
    {
      active: version('base', 'ubuntu:22.04', { createdOn: at(4), importedOn: at(8) }),
      rollout: rollout({ last, named, past: replaced }),
    },
    { do: 'create' },
  ],
  [
    'a value of their own, from a push that was under way with the last version of the bridge',
    {
      active: version('base', 'ubuntu:24.04', { createdOn: at(4), importedOn: at(8) }),
      rollout: rollout({ last, named, past: replaced }),
    },
    { do: 'hold' },
  ],
  [
    "what was active before the bridge's last version, when a person sets it later",
    {
      active: version('base', 'ubuntu:22.04', { createdOn: at(8), importedOn: at(9) }),
      rollout: rollout({ last, named, past: replaced }),
    },
    { do: 'hold' },
  ],
  ...[
    ['while the last version was under way', { openSince: at(6) }, 4_999, 'wait'],
    ['while the last version was under way, after five seconds', { openSince: at(6) }, 5_000, 'create'],
    ['before the last version was begun', { openSince: at(4) }, 9_999, 'wait'],
    ['before the last version was begun, after ten seconds', { openSince: at(4) }, 10_000, 'create'],
    ['after the last version was promoted', { openSince: at(8) }, 0, 'create'],
    ['that was read in the very first', { last: undefined, openSince: at(4) }, 0, 'create'],
  ].map(([when, more, ms, step]): (typeof idle)[number] => {
    const theirs = { last, named: { image: value('a') }, ...(more as object) };
    const now = new Date(last.begunOn.getTime() + (ms as number));
    const active = version('last', value('a'), { createdOn: at(5) });
    const template = { id: 'template', activeVersionId: 'last' };
    return [`a push ${when}`, { template, active, rollout: rollout(theirs), now }, { do: step }];
  }),
  [
    'what a person took back',
    { rollout: rollout({ held: { image: [value('a'), value('b')] } }) },
    { do: 'settle', reason: 'held' },
  ],
  [
    'another digest than the one that a person took back',
    { rollout: rollout({ held: { image: [value('a')] } }) },
    { do: 'create' },
  ],
];

const at40 = { now: at(40) };
const underWay = (more: Partial<VersionFact>, facts: Facts = {}): Facts => ({
  rollout: rollout({ building: building() }),
  ours: ours({ variables: undefined, ...more }),
  ...facts,
});
const built: [string, Facts, object][] = [
  ['a version that was not read', underWay({}, { ours: undefined }), { do: 'read-ours' }],
  [
    'a version of which the making was cut off',
    { rollout: rollout({ building: building({ versionId: undefined }) }), ours: null },
    { do: 'create', building: { name: 'acr-b-bbbbbbbb-base' } },
  ],
  [
    'a version of which the making was cut off, on what is not active any more',
    { rollout: rollout({ building: building({ versionId: undefined, baseVersionId: 'old' }) }), ours: null },
    { do: 'note-building', building: undefined },
  ],
  [
    'a version that was made before the bridge was cut off',
    { rollout: rollout({ building: building({ versionId: undefined }) }), ours: ours() },
    { do: 'note-building', building: { versionId: 'ours' } },
  ],
  [
    'a name that another user took',
    {
      rollout: rollout({ building: building({ versionId: undefined }) }),
      ours: ours({ createdBy: 'person' }),
    },
    { do: 'note-building', building: { name: 'acr-b-bbbbbbbb-base.2', attempt: 2 } },
  ],
  [
    'a version that failed and was given up before',
    {
      rollout: rollout({ building: building({ versionId: undefined }) }),
      ours: ours({ status: 'failed', archived: true }),
    },
    { do: 'note-building', building: { attempt: 2 } },
  ],
  [
    'an import that waits',
    underWay({ status: 'pending', provisioners: 1 }),
    { do: 'wait', reason: 'coder-building' },
  ],
  ['an import that runs', underWay({ status: 'running' }), { do: 'wait', reason: 'coder-building' }],
  [
    'an import that no provisioner takes',
    underWay({ status: 'pending', provisioners: 0 }),
    { do: 'wait', reason: 'no-provisioner' },
  ],
  [
    'an import that no provisioner took for 25 minutes',
    underWay({ status: 'pending', provisioners: 0 }, at40),
    { do: 'cancel' },
  ],
  [
    'an import that was canceled because no provisioner took it',
    underWay({ status: 'canceled' }, at40),
    { do: 'give-up', reason: 'template-build-failed', message: expect.stringContaining('No provisioner') },
  ],
  [
    'an import that failed',
    underWay({ status: 'failed', error: 'exit status 1' }),
    { do: 'give-up', reason: 'template-build-failed', message: 'exit status 1' },
  ],
  [
    'an import that Coder gave up',
    underWay({
      status: 'failed',
      error: 'Build has been detected as hung and has been terminated by the reaper.',
    }),
    { do: 'note-building', building: { attempt: 2 } },
  ],
  [
    'an import that a person canceled',
    underWay({ status: 'canceled' }),
    { do: 'note-building', building: { attempt: 2 } },
  ],
  [
    'an import that was canceled twice',
    underWay({ status: 'canceled' }, { rollout: rollout({ building: building({ attempt: 2 }) }) }),
    { do: 'give-up' },
  ],
  ['a version whose variables were not read', underWay({}), { do: 'read-variables-of-ours' }],
  [
    'a version that lost the variable',
    underWay({ variables: [] }),
    { do: 'give-up', reason: 'variable-missing' },
  ],
  [
    'a version that has another value',
    underWay({ variables: [variable('image', value('a'))] }),
    { do: 'give-up', reason: 'variable-missing' },
  ],
  ['a version that is right', { ...underWay({}), ours: ours() }, { do: 'promote' }],
  [
    'a version that is right, when a newer image is wished for',
    { ...underWay({}), ours: ours(), wanted: { image: value('c') } },
    { do: 'promote' },
  ],
  [
    'a version that is right, on what is not active any more',
    {
      ...underWay({}),
      ours: ours(),
      template: { id: 'template', activeVersionId: 'newer' },
      active: version('newer', value('a')),
    },
    { do: 'discard' },
  ],
  [
    'a version that a person is to promote',
    { ...underWay({}), ours: ours(), isManual: true },
    { do: 'settle', reason: 'version-ready' },
  ],
  [
    'a version that a person asked to promote',
    { rollout: rollout({ building: building({ isApproved: true }) }), ours: ours(), isManual: true },
    { do: 'promote' },
  ],
  [
    'a version that a person is to promote, when a newer image is wished for',
    { ...underWay({}), ours: ours(), isManual: true, wanted: { image: value('c') } },
    { do: 'discard' },
  ],
  [
    'a version that is active',
    {
      ...underWay({}),
      ours: ours(),
      template: { id: 'template', activeVersionId: 'ours' },
      active: version('ours', value('b')),
    },
    { do: 'note-promoted' },
  ],
];

test.each([...idle, ...built])('%s', (_, facts, expected) => {
  const usual: RolloutFacts = {
    rollout: rollout(),
    wanted: { image: value('b') },
    ...{ isManual: false, restores: false, me: 'me', now: at(11) },
    template: { id: 'template', activeVersionId: 'base' },
    active: version('base', value('a')),
    ours: undefined,
  };

  expect(decideRollout({ ...usual, ...facts })).toMatchObject(expected);
});
