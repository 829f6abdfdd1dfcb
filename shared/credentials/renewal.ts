import * as z from 'zod';
import type { IssuedCredential } from './state.ts';

const HOUR_MS = 3_600_000;

/** When a kind that the bridge issues is renewed. */
export const RotationSchedule = z.object({
  /** Hours after which a new one is issued. One that ends by itself is renewed at half of its life at the latest. */
  rotateEveryHours: z.int().min(1).max(8_760).default(720),
  /** Minutes for which the old one stays valid after Coder has confirmed the new one. */
  graceMinutes: z.int().min(0).max(10_080).default(60),
});
export type RotationSchedule = z.infer<typeof RotationSchedule>;

/** For so many intervals a password lives that Azure ends by itself: long enough to mend what keeps it from being renewed. */
const INTERVALS_TO_LIVE = 3;

export function expiryFor({ rotateEveryHours }: RotationSchedule, now: Date): Date {
  return new Date(now.getTime() + INTERVALS_TO_LIVE * rotateEveryHours * HOUR_MS);
}

/** When the next one is to be issued. */
export function renewOn(
  { rotateEveryHours }: RotationSchedule,
  { issuedOn, expiresOn }: { issuedOn: Date; expiresOn?: Date },
): Date {
  const byInterval = issuedOn.getTime() + rotateEveryHours * HOUR_MS;
  const halfLife = expiresOn && (issuedOn.getTime() + expiresOn.getTime()) / 2;
  return new Date(Math.min(byInterval, halfLife ?? byInterval));
}

/** How long before the end of a password that a person must renew. */
const WARN_MS = 7 * 24 * HOUR_MS;

/** Later than it is renewed by itself, and at least a week before a person must do it. */
export function endsSoon({ declared, issuedOn, expiresOn }: IssuedCredential, now: Date): boolean {
  if (!expiresOn) return false;
  const leftMs = expiresOn.getTime() - now.getTime();
  if (declared.kind === 'static') return leftMs < WARN_MS;
  return leftMs < (expiresOn.getTime() - issuedOn.getTime()) / 3;
}
