import { describe, expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { decide } from '../../../shared/rotation/decide.ts';
import type { Found, RotationFacts } from '../../../shared/rotation/facts.ts';
import type { RotationStep } from '../../../shared/rotation/step.ts';

const SCHEDULE = { rotateEveryHours: 10, graceMinutes: 60 };
const TOKEN = { kind: 'token', tokenName: 'coder-pull', ...SCHEDULE } as const;
const ADMIN = { kind: 'admin', ...SCHEDULE } as const;
const OTHER_TOKEN = { ...TOKEN, tokenName: 'other' };
const OTHER_SCHEDULE = { ...TOKEN, rotateEveryHours: 99 };
const STATIC = { kind: 'static', username: 'me' } as const;

const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000);
const NOW = at(0);

/** In the first slot, unless said otherwise. */
function issued(hoursAgo: number, more: Partial<IssuedCredential> = {}): IssuedCredential {
  const createdOn = at(-hoursAgo);
  const slot = 'password1';
  return {
    ...{ declared: TOKEN, username: 'coder-pull', secretVersion: `${hoursAgo}`, issuedOn: createdOn },
    ...{ slot, createdOn, ...more },
  };
}
const inSecond = { slot: 'password2' };

const failed = (hoursAgo: number) =>
  ({ on: at(-hoursAgo), outcome: 'failed', reason: 'not-accepted', message: 'No.' }) as const;

/** What Azure has: the hours since each password was created. */
function found(passwords: { password1?: number; password2?: number }, more: Partial<Found> = {}): Found {
  const listed = Object.entries(passwords).map(([slot, ago]) => ({ slot, createdOn: at(-ago) }));
  const azure = { account: TOKEN, passwords: listed, replaced: [] };
  return { outage: undefined, candidate: 'accepted', azure, stored: undefined, isUntouched: true, ...more };
}
const issue = (why: string, slot?: string, more = {}) =>
  ({ do: 'issue', why, ...(slot && { slot }), asItIs: false, deliverFirst: false, ...more }) as RotationStep;

const OUTAGE = { reason: 'registry-unauthorized', message: 'It refuses the bridge too.' };
const refused = { current: 'refused' } as const;

type Case = [
  title: string,
  rotation: CredentialState,
  expected: RotationStep,
  facts?: Partial<RotationFacts>,
];

const SUPPLIED: IssuedCredential = {
  ...{ declared: STATIC, username: 'coder-pull', secretVersion: 's', issuedOn: at(-5) },
};
const HEALTHY: Case[] = [
  ['all is well', { current: issued(1) }, { do: 'nothing', nextOn: at(9) }],
  ['a rotation is due, and it must look first', { current: issued(10) }, { do: 'look' }],
  [
    'half of its life is over',
    { current: issued(2, { expiresOn: at(1) }) },
    issue('due', 'password2'),
    { found: found({ password1: 2 }) },
  ],
  [
    'the interval is over',
    { current: issued(10) },
    issue('due', 'password2'),
    { found: found({ password1: 10 }) },
  ],
  [
    'the interval is over, but the registry refuses the bridge itself',
    { current: issued(10) },
    { do: 'wait', because: OUTAGE },
    { found: found({ password1: 10 }, { outage: OUTAGE }) },
  ],
  [
    'it is due and failed a moment ago',
    { current: issued(11), lastResult: failed(0.1) },
    { do: 'nothing', nextOn: at(-1) },
  ],
  [
    'it is due and failed a while ago',
    { current: issued(11), lastResult: failed(1) },
    issue('due', 'password2'),
    { found: found({ password1: 11 }) },
  ],
  [
    'it failed a moment ago, and a person asks again',
    { current: issued(1), lastResult: failed(0.1), requestedOn: at(0) },
    issue('requested', 'password2'),
    { found: found({ password1: 1 }) },
  ],
  [
    'it was compromised, and that failed a moment ago',
    { current: issued(1), lastResult: failed(0.1), compromisedOn: at(-0.5) },
    issue('compromised', 'password2'),
    { found: found({ password1: 1 }) },
  ],
  [
    'a person asked, and got it',
    { current: issued(1), requestedOn: at(-2) },
    { do: 'nothing', nextOn: at(9) },
  ],
  [
    'another account is declared',
    { current: issued(1, { declared: OTHER_TOKEN, username: 'other' }) },
    issue('declared', 'password1'),
    { found: found({}) },
  ],
  [
    'another account is declared while the old one has one in its grace period',
    {
      current: issued(0.1, { declared: OTHER_TOKEN, username: 'other' }),
      earlier: [{ ...issued(9, { declared: OTHER_TOKEN, username: 'other' }), revokeOn: at(0.5) }],
    },
    issue('declared', 'password1'),
    { found: found({}) },
  ],
  [
    'another schedule is declared',
    { current: issued(1, { declared: OTHER_SCHEDULE }) },
    { do: 'nothing', nextOn: at(9) },
  ],
  [
    'a person supplied a password of the declared token: it is one of the two',
    { current: SUPPLIED },
    { do: 'report-no-slot' },
    { found: found({ password1: 5, password2: 6 }) },
  ],
  [
    'a person supplied the only password of the declared token',
    { current: SUPPLIED },
    issue('declared', 'password2'),
    { found: found({ password1: 5 }) },
  ],
  ['Coder has not confirmed it', { current: issued(0.1), earlier: [issued(9)] }, { do: 'deliver' }],
];

const CANDIDATE: Case[] = [
  [
    'it is to be tested',
    { current: issued(1), candidate: issued(0.1) },
    { do: 'prove', until: at(0.25 - 0.1) },
  ],
  [
    'it was never accepted',
    { current: issued(1), candidate: issued(0.5) },
    { do: 'discard', expired: true },
    { found: found({}, { candidate: 'refused' }) },
  ],
  [
    'no test got an answer in time, and now the registry accepts it',
    { current: issued(1), candidate: issued(0.5) },
    { do: 'prove', until: at(1 / 60) },
    { found: found({}) },
  ],
  [
    'the registry refuses the bridge too',
    { current: issued(1), candidate: issued(0.5) },
    { do: 'wait', because: OUTAGE },
    { found: found({}, { outage: OUTAGE }) },
  ],
  [
    'it was reported as compromised before Coder had it',
    { current: issued(1), candidate: issued(0.1), compromisedOn: NOW },
    { do: 'discard', expired: false },
  ],
  [
    'it is of a kind that is not declared any more',
    { current: issued(1), candidate: issued(0.1) },
    { do: 'discard', expired: false },
    { declared: STATIC },
  ],
];

/** Passwords that the bridge found in Azure, and does not know. */
const REPLACED = ['password1', 'password2'].map(slot => {
  const { secretVersion: _, ...unknown } = issued(0.1, { slot });
  return unknown;
});
const gone = { found: found({ password2: 1 }, { isUntouched: false }) };
const there = { found: found({ password1: 1 }) };
const REFUSED: Case[] = [
  ['nothing else is known', { current: issued(1) }, { do: 'look' }, refused],
  [
    'and the bridge itself too',
    { current: issued(1), earlier: [issued(9, inSecond)] },
    { do: 'wait', because: OUTAGE },
    { ...refused, found: found({ password1: 1, password2: 9 }, { outage: OUTAGE }) },
  ],
  ['and Azure still has it', { current: issued(1) }, { do: 'suspect' }, { ...refused, ...there }],
  [
    'for a minute now, and Azure still has it',
    { current: issued(1), refusedSince: at(-1 / 60) },
    { do: 'nothing', nextOn: at(9) },
    { ...refused, ...there },
  ],
  [
    'for six minutes now',
    { current: issued(1), refusedSince: at(-0.1) },
    issue('refused', 'password2'),
    { ...refused, ...there },
  ],
  [
    'and Azure has it no more',
    { current: issued(1) },
    issue('refused', 'password1'),
    { ...refused, found: found({}) },
  ],
  [
    'and it has expired',
    { current: issued(1, { expiresOn: at(-0.1) }) },
    issue('refused', 'password2'),
    { ...refused, ...there },
  ],
  [
    'but it accepts an earlier one that Coder may hold',
    { current: issued(0.1), earlier: [issued(9, inSecond)] },
    { do: 'fall-back', to: issued(9, inSecond) },
    { ...refused, accepted: issued(9, inSecond), found: found({ password1: 0.1, password2: 9 }) },
  ],
  [
    'and an earlier one that Coder may hold, although Azure has both',
    { current: issued(0.1), earlier: [issued(9, inSecond)], refusedSince: at(-1) },
    { do: 'report-no-slot' },
    { ...refused, found: found({ password1: 0.1, password2: 9 }) },
  ],
  [
    'and an earlier one, and a person replaced both',
    { current: issued(1), earlier: [issued(9, inSecond)], refusedSince: at(-1) },
    { do: 'remember', passwords: found({ password1: 0.1, password2: 0.1 }).azure.passwords.slice() },
    { ...refused, found: found({ password1: 0.1, password2: 0.1 }) },
  ],
  [
    'and Azure has another one in the second slot, which Coder may hold',
    { current: issued(1) },
    { do: 'remember', passwords: gone.found.azure.passwords.slice() },
    { ...refused, ...gone },
  ],
  [
    'and Key Vault has a newer one: the record is old',
    { current: issued(5) },
    { do: 'recall', credential: issued(1, inSecond) },
    { ...refused, found: found({ password2: 1 }, { stored: issued(1, inSecond) }) },
  ],
  [
    'but it accepts an earlier one that leaked',
    { current: issued(0.1), earlier: [issued(9, inSecond)], compromisedOn: at(-1) },
    { do: 'suspect' },
    { ...refused, accepted: issued(9, inSecond), found: found({ password1: 0.1, password2: 9 }) },
  ],
  [
    'a person replaced both, and Coder still has what the bridge gave it',
    { current: issued(1), earlier: REPLACED },
    issue('refused', 'password1'),
    { ...refused, found: found({ password1: 0.1, password2: 0.1 }) },
  ],
  [
    'a person replaced both, and gave Coder another one',
    { current: issued(1), earlier: REPLACED },
    { do: 'report-no-slot' },
    { ...refused, found: found({ password1: 0.1, password2: 0.1 }, { isUntouched: false }) },
  ],
  [
    'because it may not pull',
    { current: issued(1) },
    { do: 'repair-rights' },
    { current: 'no-rights', ...there },
  ],
  [
    'or not: its secret is gone from Key Vault',
    { current: issued(1) },
    issue('refused', 'password2'),
    { current: 'missing', ...there },
  ],
  [
    'and a person supplied it',
    { current: issued(1, { declared: STATIC }) },
    { do: 'report' },
    { declared: STATIC, ...refused, ...there },
  ],
];

const EARLIER: Case[] = [
  [
    'it is in its grace period',
    { current: issued(0.1), earlier: [{ ...issued(9), revokeOn: at(0.5) }] },
    { do: 'nothing', nextOn: at(0.5) },
  ],
  [
    'it is in its grace period, and a person asks for another rotation: that waits',
    { current: issued(0.1), earlier: [{ ...issued(9, inSecond), revokeOn: at(0.5) }], requestedOn: NOW },
    { do: 'nothing', nextOn: at(0.5) },
    { found: found({ password1: 0.1, password2: 9 }) },
  ],
  [
    'it is in its grace period, and was reported as compromised',
    { current: issued(0.1), earlier: [{ ...issued(9), revokeOn: at(0.5) }], compromisedOn: NOW },
    { do: 'revoke', credential: { ...issued(9), revokeOn: at(0.5) }, deliverFirst: true },
  ],
  [
    'its grace period is over',
    { current: issued(1), earlier: [{ ...issued(9), revokeOn: at(-0.1) }] },
    { do: 'revoke', credential: { ...issued(9), revokeOn: at(-0.1) }, deliverFirst: true },
  ],
  [
    'it was replaced by a password that a person supplied',
    { current: issued(1, { declared: STATIC }), earlier: [{ ...issued(9), revokeOn: at(-0.1) }] },
    { do: 'revoke', credential: { ...issued(9), revokeOn: at(-0.1) }, deliverFirst: true },
    { declared: STATIC },
  ],
];

const LOST: Case[] = [
  ['nothing was ever issued', {}, issue('first', 'password1'), { found: found({}) }],
  ['the first one failed just now: Coder waits for it', { lastResult: failed(0) }, { do: 'look' }],
  [
    'the token has a password, which Coder may hold',
    {},
    { do: 'remember', passwords: found({ password1: 5 }).azure.passwords.slice() },
    { found: found({ password1: 5 }) },
  ],
  [
    'that is remembered',
    { earlier: [issued(5)] },
    issue('first', 'password2'),
    { found: found({ password1: 5 }) },
  ],
  [
    'the token has two, and Coder may hold either',
    { earlier: [issued(5), issued(6, inSecond)] },
    { do: 'report-no-slot' },
    { found: found({ password1: 5, password2: 6 }) },
  ],
  [
    'the token has two, and a person says that Coder may lose them',
    { earlier: [issued(5), issued(6, inSecond)], compromisedOn: NOW },
    issue('first', 'password1'),
    { found: found({ password1: 5, password2: 6 }) },
  ],
  [
    'a run that was cut off left a password, and Coder confirms the present one first',
    { current: issued(10), issuing: 'password2' },
    issue('due', 'password2', { deliverFirst: true }),
    { found: found({ password1: 10, password2: 0.1 }) },
  ],
];

const azureOfAdmin = {
  account: ADMIN,
  passwords: [{ slot: 'password' }, { slot: 'password2' }],
  replaced: [],
};
const admin = (more: Partial<IssuedCredential> = {}) =>
  issued(11, { declared: ADMIN, slot: 'password', ...more });
const adminFacts = { declared: ADMIN, found: found({}, { azure: azureOfAdmin }) };
const SHARED: Case[] = [
  ['it is the first: taken as it is', {}, issue('first', 'password', { asItIs: true }), adminFacts],
  [
    'it is due: Coder confirms the present one before the other is replaced',
    { current: admin() },
    issue('due', 'password2', { deliverFirst: true }),
    adminFacts,
  ],
  [
    'the other one is in its grace period',
    { current: admin(), earlier: [{ ...admin({ slot: 'password2' }), revokeOn: at(1) }] },
    { do: 'nothing', nextOn: at(1) },
    adminFacts,
  ],
  [
    'a person replaced it: the other one is taken as it is',
    { current: admin() },
    issue('refused', 'password2', { asItIs: true }),
    { ...adminFacts, ...refused, found: found({}, { azure: { ...azureOfAdmin, replaced: ['11'] } }) },
  ],
];

describe.each([
  ['the credential of Coder works and', HEALTHY],
  ['a new one was issued and', CANDIDATE],
  ['the registry refuses the credential of Coder', REFUSED],
  ['there is an earlier one and', EARLIER],
  ['the record has nothing of Coder and', LOST],
  ['it is the administrator account and', SHARED],
])('what a run does next when %s', (_, cases) => {
  test.each(cases)('%s', (_title, rotation, expected, facts = {}) => {
    const well = { current: 'accepted', accepted: undefined, found: undefined } as const;

    expect(decide({ declared: TOKEN, rotation, now: NOW, ...well, ...facts })).toEqual(expected);
  });
});
