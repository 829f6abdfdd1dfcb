import { expect, test } from 'vitest';
import { decideRollout } from '../../../../shared/coder/v2/decide.ts';
import type { CanaryFact, RolloutFacts, VersionFact } from '../../../../shared/coder/v2/facts.ts';
import { type Canary, Rollout } from '../../../../shared/coder/v2/rollout.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 31, 8, minute));
const value = (content: string) => `myacr.azurecr.io/team/base:${content}@sha256:${content.repeat(64)}`;
const version = (id: string, image: string): VersionFact => ({
  ...{
    id,
    name: id,
    createdOn: at(1),
    createdBy: 'me',
    fileId: 'file',
    status: 'succeeded',
    archived: false,
  },
  variables: [{ name: 'image', value: image, type: 'string', sensitive: false }],
});
const OURS = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const NAME = 'acr-canary-0a1b2c3d';

/** Noted at ten past, and started. */
const noted = (more: Partial<Canary> = {}): Canary => ({ name: NAME, since: at(10), starts: 1, ...more });
const verdict = (isReady: boolean, minute = 11): Partial<Canary> => ({
  verdict: { isReady, message: 'It said no.', on: at(minute) },
});
const agent = (status: string, lifecycle: string, reason?: string) => ({
  ...{ id: `${status}-id`, name: 'main', status, lifecycle },
  ...(reason && { reason }),
});
const ready = agent('connected', 'ready');
/** As Coder shows it. */
const seen = (more: Partial<CanaryFact> = {}): CanaryFact => ({
  ...{ id: 'workspace', name: NAME, ownerId: 'me', versionId: OURS, createdOn: at(10) },
  ...{ build: 'succeeded', transition: 'start', isDeleting: false, agents: [ready] },
  ...more,
});
const deleting = (more: Partial<CanaryFact> = {}) =>
  seen({ transition: 'delete', isDeleting: true, build: 'running', ...more });
const failedToDelete = seen({ transition: 'delete', build: 'failed' });
const WAITS = { do: 'wait', reason: 'canary-running' };
const rebased = {
  template: { id: 'template', activeVersionId: 'newer' },
  active: version('newer', value('a')),
};

interface Case {
  noted?: Canary;
  seen?: CanaryFact | null;
  keptCanaries?: string[];
  facts?: Partial<RolloutFacts>;
}

test.each<[string, Case, object]>([
  [
    'before anything it is noted',
    {},
    { do: 'note-canary', canary: { name: NAME, since: at(11), starts: 0 } },
  ],
  ['it is not started where no rule asks', { facts: { canaryRule: undefined } }, { do: 'promote' }],
  ['it is not started in a deprecated template', { facts: { isDeprecated: true } }, { do: 'promote' }],
  ['once it is noted it is looked for', { noted: noted() }, { do: 'read-canary', name: NAME }],
  ['when there is none it is started', { noted: noted(), seen: null }, { do: 'start-canary', name: NAME }],
  [
    'also when Coder could not be asked for hours',
    { noted: noted({ starts: 0 }), seen: null, facts: { now: at(300) } },
    { do: 'start-canary' },
  ],
  [
    'when it vanished three times the image is given up',
    { noted: noted({ starts: 3 }), seen: null },
    { do: 'judge-canary', isReady: false, message: expect.stringContaining('3 times') },
  ],
  [
    'while it is built it is waited for',
    { noted: noted(), seen: seen({ build: 'running', agents: [] }) },
    WAITS,
  ],
  [
    'a build that failed is a verdict, in the words of Coder',
    { noted: noted(), seen: seen({ build: 'failed', error: 'quota' }) },
    { do: 'judge-canary', isReady: false, message: 'Its build failed: quota.' },
  ],
  [
    'a build that was canceled is a verdict',
    { noted: noted(), seen: seen({ build: 'canceled' }) },
    { do: 'judge-canary', isReady: false, message: expect.stringContaining('was canceled') },
  ],
  [
    'an agent that connects is waited for',
    { noted: noted(), seen: seen({ agents: [agent('connecting', 'created')] }) },
    WAITS,
  ],
  [
    'an agent that starts is waited for',
    { noted: noted(), seen: seen({ agents: [agent('connected', 'starting')] }) },
    WAITS,
  ],
  [
    'an agent that takes long to connect is waited for, as a pull may be slow',
    { noted: noted(), seen: seen({ agents: [agent('timeout', 'created')] }) },
    WAITS,
  ],
  [
    'until its time is over',
    {
      noted: noted(),
      seen: seen({ agents: [ready, agent('timeout', 'created', 'slow')] }),
      facts: { now: at(26) },
    },
    {
      ...{ do: 'judge-canary', isReady: false, agents: ['timeout-id'] },
      message: 'It was not ready within 15 minutes: agent main is timeout and created (slow).',
    },
  ],
  [
    'its time is what the rule says',
    {
      ...{ noted: noted(), seen: seen({ build: 'running', agents: [] }) },
      facts: { now: at(13), canaryRule: { timeoutMinutes: 2 } },
    },
    { do: 'judge-canary', message: 'It was not ready within 2 minutes: its build is running.' },
  ],
  [
    'its time begins when it is made, though that was long after it was noted',
    {
      noted: noted(),
      seen: seen({ createdOn: at(290), build: 'running', agents: [] }),
      facts: { now: at(300) },
    },
    WAITS,
  ],
  [
    'an agent whose script failed is a verdict, with what it printed',
    { noted: noted(), seen: seen({ agents: [ready, agent('timeout', 'start_error', 'exit 7')] }) },
    { do: 'judge-canary', isReady: false, message: 'Agent main: exit 7.', agents: ['timeout-id'] },
  ],
  [
    'when every agent is ready so is it',
    { noted: noted(), seen: seen() },
    { do: 'judge-canary', isReady: true },
  ],
  [
    'also when it is seen late',
    { noted: noted(), seen: seen(), facts: { now: at(300) } },
    { do: 'judge-canary', isReady: true },
  ],
  [
    'without agents a build that succeeded is enough',
    { noted: noted(), seen: seen({ agents: [] }) },
    { do: 'judge-canary', isReady: true },
  ],
  [
    'one that a person stopped is deleted, and started again',
    { noted: noted(), seen: seen({ transition: 'stop', agents: [] }) },
    { do: 'delete-canary', canary: { id: 'workspace' } },
  ],
  ['one that a person deletes is waited for', { noted: noted(), seen: deleting() }, WAITS],
  [
    'a workspace of its name from another version is deleted',
    { noted: noted(), seen: seen({ versionId: 'other' }) },
    { do: 'delete-canary' },
  ],
  [
    'one that was kept from an earlier try is deleted, though it is ready',
    { noted: noted(), seen: seen(), keptCanaries: [NAME] },
    { do: 'delete-canary' },
  ],

  ['once it was ready it is looked for', { noted: noted(verdict(true)) }, { do: 'read-canary' }],
  ['and deleted', { noted: noted(verdict(true)), seen: seen() }, { do: 'delete-canary' }],
  ['its deletion is waited for', { noted: noted(verdict(true)), seen: deleting() }, WAITS],
  [
    'a deletion that failed is begun again',
    { noted: noted(verdict(true)), seen: failedToDelete },
    { do: 'delete-canary' },
  ],
  [
    'for ten minutes',
    { noted: noted(verdict(true, 11)), seen: failedToDelete, facts: { now: at(22) } },
    { do: 'promote' },
  ],
  [
    'but it is always begun',
    { noted: noted(verdict(true, 11)), seen: seen(), facts: { now: at(300) } },
    { do: 'delete-canary' },
  ],
  ['when it is gone the version is promoted', { noted: noted(verdict(true)), seen: null }, { do: 'promote' }],
  [
    'or waits for a person',
    { noted: noted(verdict(true)), seen: null, facts: { isManual: true } },
    { do: 'settle', reason: 'version-ready' },
  ],

  ['one that failed is deleted', { noted: noted(verdict(false)), seen: seen() }, { do: 'delete-canary' }],
  [
    'and then the version is given up',
    { noted: noted(verdict(false)), seen: null },
    { do: 'give-up', reason: 'canary-failed', message: 'It said no.' },
  ],
  [
    'at once where people are to look at it',
    { noted: noted(verdict(false)), facts: { canaryRule: { keepOnFailure: true } } },
    { do: 'give-up', reason: 'canary-failed' },
  ],

  [
    'one of what is not built any more is deleted before the version is discarded',
    { noted: noted(), seen: seen(), facts: rebased },
    { do: 'delete-canary' },
  ],
  ['and then it is', { noted: noted(), seen: null, facts: rebased }, { do: 'discard' }],
  [
    'a deletion that fails holds up nothing for ever',
    { noted: noted(), seen: failedToDelete, facts: { ...rebased, now: at(36) } },
    { do: 'discard' },
  ],
  [
    'one that no rule asks for any more is deleted',
    { noted: noted(), seen: seen(), facts: { canaryRule: undefined } },
    { do: 'delete-canary' },
  ],
  [
    'one of a template that is gone is deleted',
    { noted: noted(), seen: seen(), facts: { template: null } },
    { do: 'delete-canary' },
  ],
])('%s', (_, { noted: canary, seen: found, keptCanaries = [], facts }, expected) => {
  const building = {
    ...{ name: 'acr-b-bbbbbbbb-base', attempt: 1, baseVersionId: 'base', fileId: 'file' },
    ...{ values: { image: value('b') }, before: { image: value('a') }, versionId: OURS, since: at(9) },
    ...(canary && { canary }),
  };
  const usual: RolloutFacts = {
    rollout: { ...Rollout.parse({}), building, keptCanaries },
    ...{ wanted: { image: value('b') }, isManual: false, restores: false, me: 'me', now: at(11) },
    ...{ template: { id: 'template', activeVersionId: 'base' }, active: version('base', value('a')) },
    ...{ ours: version(OURS, value('b')), canaryRule: {}, canary: found },
  };

  expect(decideRollout({ ...usual, ...facts })).toMatchObject(expected);
});
