import { credentialKind } from './kinds/all.ts';
import { HOUR_MS, type RotationSchedule } from './schedule.ts';
import type { Declared, IssuedCredential } from './state.ts';

/** How long before its end the bridge warns of a password that a person must renew. */
const WARN_MS = 7 * 24 * HOUR_MS;

/**
 * When the bridge issues the next credential; undefined when there is no credential, or the bridge does not issue this
 * kind.
 */
export function renewOn(declared: Declared, current: IssuedCredential | undefined): Date | undefined {
  const schedule = scheduleOf(declared);
  if (!schedule || !current) return undefined;
  const { issuedOn, expiresOn } = current;
  const byInterval = issuedOn.getTime() + schedule.rotateEveryHours * HOUR_MS;
  const halfLife = expiresOn && (issuedOn.getTime() + expiresOn.getTime()) / 2;
  return new Date(Math.min(byInterval, halfLife ?? byInterval));
}

/**
 * Until when a copy of the credential serves: until it ends, or until the bridge revokes it after the next rotation.
 * undefined when neither is known. A rotation that a person asks for comes earlier.
 */
export function servesUntil(declared: Declared, current: IssuedCredential | undefined): Date | undefined {
  const renewedOn = renewOn(declared, current);
  const revokedOn = renewedOn && endOfGrace(declared, renewedOn, 0);
  const ends = [current?.expiresOn, revokedOn].filter(end => end !== undefined);
  return ends.length > 0 ? new Date(Math.min(...ends.map(Number))) : undefined;
}

/**
 * When the old credential is revoked if the new one was delivered now.
 * @param minutesInUse how long the old one may still be in use, whatever grace period is declared
 */
export function endOfGrace(declared: Declared, now: Date, minutesInUse: number): Date {
  const minutes = Math.max(scheduleOf(declared)?.graceMinutes ?? 0, minutesInUse);
  return new Date(now.getTime() + minutes * 60_000);
}

/**
 * How long copies of a credential may be in use after its successor was delivered: the copies end with the credential,
 * and the next one is issued no earlier than the grace period ends. Undefined when the credential does not expire.
 */
export function minutesForCopies(declared: Declared): number | undefined {
  const schedule = scheduleOf(declared);
  const lifetimeHours = credentialKind(declared.kind).issuer?.lifetimeHours?.(declared);
  if (!schedule || lifetimeHours === undefined) return undefined;
  const lifetime = lifetimeHours * 60;
  const renewed = Math.min(schedule.rotateEveryHours * 60, lifetime / 2);
  return Math.min(lifetime / 2, lifetime - renewed, lifetime - schedule.graceMinutes);
}

function scheduleOf(declared: Declared): RotationSchedule | undefined {
  return credentialKind(declared.kind).issuer && (declared as Declared & RotationSchedule);
}

/** When to warn: after the bridge should have renewed it, or a week before a person must. */
export function endsSoon({ declared, issuedOn, expiresOn }: IssuedCredential, now: Date): boolean {
  if (!expiresOn) return false;
  const leftMs = expiresOn.getTime() - now.getTime();
  if (credentialKind(declared.kind).supplied) return leftMs < WARN_MS;
  return leftMs < (expiresOn.getTime() - issuedOn.getTime()) / 3;
}
