import { describe, expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { delivered, fallenBack, proven } from '../../../shared/rotation/changes.ts';

const NOW = new Date('2026-11-25T08:00:00Z');
const SCHEDULE = { kind: 'token', rotateEveryHours: 24, graceMinutes: 60 };
const IN_AN_HOUR = new Date('2026-11-25T09:00:00Z');

function issued(secretVersion: string, issuedOn = new Date('2026-11-24T08:00:00Z')): IssuedCredential {
  return { declared: SCHEDULE, username: 'coder-pull', secretVersion, issuedOn };
}
const [older, newer] = [issued('older'), issued('newer', NOW)];
const record = (rotation: CredentialState) => ({ name: 'contoso', credential: SCHEDULE, rotation });

describe('a candidate that the registry accepts', () => {
  test('waits for Coder to confirm it when Coder holds an older one', () => {
    const changes = proven({ current: older, candidate: newer }, NOW);

    expect(changes).toMatchObject({ current: newer, previous: older, candidate: undefined });
    expect(changes).not.toHaveProperty('lastResult');
  });

  test('ends the rotation when it is the first', () => {
    expect(proven({ candidate: newer }, NOW)).toMatchObject({
      ...{ current: newer, previous: undefined, requestedOn: undefined },
      lastResult: { on: NOW, outcome: 'rotated' },
    });
  });
});

describe('once Coder has confirmed the new one, the old one is revoked', () => {
  test('after the grace period', () => {
    expect(delivered(record({ current: newer, previous: older }), NOW, 0).revokeOn).toEqual(IN_AN_HOUR);
  });

  test('later when others may still use it, but not later than a longer grace period', () => {
    const revokedAfter = (minutes: number) =>
      delivered(record({ current: newer, previous: older }), NOW, minutes);

    expect(revokedAfter(120).revokeOn).toEqual(new Date(NOW.getTime() + 120 * 60_000));
    expect(revokedAfter(59).revokeOn).toEqual(IN_AN_HOUR);
  });

  test('at once when it was reported as compromised', () => {
    const rotation = { current: newer, previous: older, compromisedOn: NOW };

    expect(delivered(record(rotation), NOW, 120).revokeOn).toEqual(NOW);
  });
});

test('when Coder cannot use the new one, both change places and the reason is kept', () => {
  const failure = { reason: 'coder-rejected', message: 'No.' };

  expect(fallenBack({ current: newer, previous: older }, failure, NOW)).toEqual({
    ...{ current: older, previous: newer, givenUp: failure },
    lastResult: { on: NOW, outcome: 'failed', ...failure },
  });
});
