import { describe, expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { decide, type RotationFacts, type RotationStep } from '../../../shared/rotation/decide.ts';

const SCHEDULE = { rotateEveryHours: 10, graceMinutes: 60 };
const TOKEN = { kind: 'token', tokenName: 'coder-pull', ...SCHEDULE } as const;
const OTHER_TOKEN = { ...TOKEN, tokenName: 'other' };
const OTHER_SCHEDULE = { ...TOKEN, rotateEveryHours: 99 };
const STATIC = { kind: 'static', username: 'me' } as const;

const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000);
const NOW = at(0);

function issued(hoursAgo: number, more: Partial<IssuedCredential> = {}): IssuedCredential {
  return { declared: TOKEN, username: 'coder-pull', secretVersion: 'v', issuedOn: at(-hoursAgo), ...more };
}

const failed = (hoursAgo: number) =>
  ({ on: at(-hoursAgo), outcome: 'failed', reason: 'not-accepted', message: 'No.' }) as const;
const works = { currentWorks: true, previousWorks: true };
const broken = { currentWorks: false, previousWorks: false };

type Case = [
  title: string,
  rotation: CredentialState,
  expected: RotationStep,
  facts?: Partial<RotationFacts>,
];

const CASES: Case[] = [
  ['nothing was ever issued', {}, { do: 'issue', why: 'first' }],
  [
    'the first one failed just now: Coder waits for it',
    { lastResult: failed(0) },
    { do: 'issue', why: 'first' },
  ],
  ['all is well', { current: issued(1) }, { do: 'nothing', nextOn: at(9) }],
  ['half of its life is over', { current: issued(2, { expiresOn: at(1) }) }, { do: 'issue', why: 'due' }],
  ['the interval is over', { current: issued(10) }, { do: 'issue', why: 'due' }],
  [
    'that failed a moment ago',
    { current: issued(11), lastResult: failed(0.1) },
    { do: 'nothing', nextOn: at(-1) },
  ],
  ['that failed a while ago', { current: issued(11), lastResult: failed(1) }, { do: 'issue', why: 'due' }],
  [
    'it failed a moment ago, and a person asks again',
    { current: issued(1), lastResult: failed(0.1), requestedOn: at(0) },
    { do: 'issue', why: 'requested' },
  ],
  ['a person asks', { current: issued(1), requestedOn: at(-0.5) }, { do: 'issue', why: 'requested' }],
  [
    'a person asked, and got it',
    { current: issued(1), requestedOn: at(-2) },
    { do: 'nothing', nextOn: at(9) },
  ],
  [
    'it was reported as compromised',
    { current: issued(1), compromisedOn: at(-0.5) },
    { do: 'issue', why: 'compromised' },
  ],
  [
    'another account is declared',
    { current: issued(1, { declared: OTHER_TOKEN }) },
    { do: 'issue', why: 'declared' },
  ],
  [
    'another schedule is declared',
    { current: issued(1, { declared: OTHER_SCHEDULE }) },
    { do: 'nothing', nextOn: at(9) },
  ],
  ['a new one is to be tested', { current: issued(1), candidate: issued(0.1) }, { do: 'prove' }],
  [
    'a new one was never accepted',
    { current: issued(1), candidate: issued(0.5) },
    { do: 'discard', expired: true },
  ],
  [
    'a new one was reported as compromised before Coder had it',
    { current: issued(1), candidate: issued(0.1), compromisedOn: NOW },
    { do: 'discard', expired: false },
  ],
  [
    'a new one is of a kind that is not declared any more',
    { current: issued(1), candidate: issued(0.1) },
    { do: 'discard', expired: false },
    { declared: STATIC },
  ],
  ['Coder has not confirmed it', { current: issued(0.1), previous: issued(9) }, { do: 'deliver' }],
  [
    'Coder has not confirmed it, and the registry refuses it: the old one still works',
    { current: issued(0.1), previous: issued(9) },
    { do: 'fall-back' },
    { currentWorks: false },
  ],
  [
    'the registry refuses both',
    { current: issued(0.1), previous: issued(9) },
    { do: 'revoke', deliverFirst: false },
    broken,
  ],
  ['the registry refuses it', { current: issued(1) }, { do: 'issue', why: 'refused' }, broken],
  [
    'the registry refuses a password that a person supplied',
    { current: issued(1) },
    { do: 'report' },
    { declared: STATIC, ...broken },
  ],
  [
    'the old one is in its grace period',
    { current: issued(0.1), previous: issued(9), revokeOn: at(0.5) },
    { do: 'nothing', nextOn: at(0.5) },
  ],
  [
    'the old one is in its grace period, and the new one is due already',
    { current: issued(10), previous: issued(20), revokeOn: at(0.5) },
    { do: 'nothing', nextOn: at(0.5) },
  ],
  [
    'the old one is in its grace period, and the new one was reported as compromised',
    { current: issued(0.1), previous: issued(9), revokeOn: at(0.5), compromisedOn: NOW },
    { do: 'revoke', deliverFirst: true },
  ],
  [
    'a person asks in the grace period of one whose successor Coder has confirmed',
    { current: issued(1), previous: issued(9), revokeOn: at(0.5), requestedOn: NOW },
    { do: 'revoke', deliverFirst: true },
  ],
  [
    'a person asks in the grace period of one that others may still use',
    { current: issued(1), previous: issued(9), revokeOn: at(0.5), requestedOn: NOW },
    { do: 'nothing', nextOn: at(0.5) },
    { unconfirmed: true },
  ],
  [
    'the same was reported as compromised',
    { current: issued(1), previous: issued(9), revokeOn: at(0.5), compromisedOn: NOW },
    { do: 'revoke', deliverFirst: true },
    { unconfirmed: true },
  ],
  [
    'the grace period is over',
    { current: issued(1), previous: issued(9), revokeOn: at(-0.1) },
    { do: 'revoke', deliverFirst: true },
  ],
  [
    'a token that was replaced by a password that a person supplied is revoked',
    { current: issued(1, { declared: STATIC }), previous: issued(9), revokeOn: at(-0.1) },
    { do: 'revoke', deliverFirst: true },
    { declared: STATIC },
  ],
];

describe('what a run does next when', () => {
  test.each(CASES)('%s', (_, rotation, expected, facts = {}) => {
    expect(decide({ declared: TOKEN, rotation, now: NOW, unconfirmed: false, ...works, ...facts })).toEqual(
      expected,
    );
  });
});
