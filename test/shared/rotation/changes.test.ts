import { describe, expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { delivered, fallenBack, proven, recalled, revoked } from '../../../shared/rotation/changes.ts';

const NOW = new Date('2026-11-25T08:00:00Z');
const BEFORE = new Date('2026-11-25T07:59:00Z');
const SCHEDULE = { kind: 'token', rotateEveryHours: 24, graceMinutes: 60 };
const IN_AN_HOUR = new Date('2026-11-25T09:00:00Z');

function issued(secretVersion: string, issuedOn = new Date('2026-11-24T08:00:00Z')): IssuedCredential {
  return { declared: SCHEDULE, username: 'coder-pull', secretVersion, issuedOn };
}
const [older, newer] = [issued('older'), issued('newer', BEFORE)];
const record = (rotation: CredentialState) => ({ name: 'contoso', credential: SCHEDULE, rotation });

describe('a candidate that the registry accepts', () => {
  test('waits for Coder to confirm it when Coder holds an older one', () => {
    const changes = proven({ current: older, candidate: newer }, NOW);

    expect(changes).toMatchObject({ current: newer, candidate: undefined });
    expect(changes.earlier).toEqual([older]);
    expect(changes).not.toHaveProperty('lastResult');
  });

  test('ends the rotation when it is the first', () => {
    expect(proven({ candidate: newer }, NOW)).toMatchObject({
      ...{ current: newer, earlier: undefined, lastResult: { on: NOW, outcome: 'rotated' } },
    });
  });

  test('waits for Coder too when the record lost what Coder may hold', () => {
    expect(proven({ candidate: newer, earlier: [older] }, NOW)).not.toHaveProperty('lastResult');
  });
});

describe('once Coder has confirmed the new one, the old one is revoked', () => {
  test('after the grace period, and one whose grace period began before when that ends', () => {
    const graced = { ...issued('oldest'), revokeOn: NOW };
    const rotation = { current: newer, earlier: [older, graced] };

    expect(delivered(record(rotation), NOW, 0).earlier).toEqual([{ ...older, revokeOn: IN_AN_HOUR }, graced]);
  });

  test.each([undefined, { reason: 'credential-refused', message: 'No.' }])(
    'later when copies may still be in use, but not before a longer grace period ends; given up: %j',
    givenUp => {
      const rotation = { current: newer, earlier: [older], ...(givenUp && { givenUp }) };
      const endAfter = (minutes: number) => delivered(record(rotation), NOW, minutes).earlier?.[0]?.revokeOn;

      expect(endAfter(120)).toEqual(new Date(NOW.getTime() + 120 * 60_000));
      expect(endAfter(59)).toEqual(IN_AN_HOUR);
    },
  );

  test('at once when Coder has confirmed that it uses another one than the one that was given up', () => {
    const givenUp = { reason: 'credential-refused', message: 'No.' };
    const rotation = { current: newer, earlier: [older], givenUp };

    expect(delivered(record(rotation), NOW, 0).earlier).toEqual([{ ...older, revokeOn: NOW }]);
  });

  test('at once when it was reported as compromised', () => {
    const rotation = { current: newer, earlier: [older], compromisedOn: BEFORE };

    expect(delivered(record(rotation), NOW, 0).earlier).toEqual([{ ...older, revokeOn: NOW }]);
  });
});

test.each([
  ['before it was issued is answered', BEFORE, true],
  ['after it was issued stays', NOW, false],
])('a request for a rotation that came %s', (_, requestedOn, isAnswered) => {
  const changes = delivered(record({ current: newer, earlier: [older], requestedOn }), NOW, 0);

  expect('requestedOn' in changes).toBe(isAnswered);
});

test('when Coder cannot use the new one, both change places and the reason is kept', () => {
  const failure = { reason: 'coder-rejected', message: 'No.' };
  const rotation = { current: newer, earlier: [older] };

  expect(fallenBack(rotation, older, failure, NOW)).toMatchObject({
    ...{ current: older, earlier: [newer], givenUp: failure },
    lastResult: { on: NOW, outcome: 'failed', ...failure },
  });
});

test('when Key Vault has a newer one than the record, Coder may hold any of them', () => {
  const rotation = { current: older, earlier: [{ ...issued('oldest'), revokeOn: NOW }] };

  expect(recalled(rotation, newer)).toMatchObject({ current: newer, earlier: [older, issued('oldest')] });
});

test('the record keeps what was revoked last, and when', () => {
  const old = { ...older, revokeOn: NOW };

  expect(revoked({ current: newer, earlier: [old] }, old, NOW)).toMatchObject({
    ...{ earlier: undefined, revoked: { ...older, revokedOn: NOW } },
  });
});
