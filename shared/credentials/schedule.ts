import * as z from 'zod';

export const HOUR_MS = 3_600_000;

/** How often the bridge renews a credential, and how long the old one stays valid. */
export const RotationSchedule = z.object({
  /** Hours after which the bridge issues a new one. One that expires is renewed at half of its life at the latest. */
  rotateEveryHours: z.int().min(1).max(8_760).default(720),
  /** Minutes for which the old one stays valid after the holder has confirmed the new one. */
  graceMinutes: z.int().min(0).max(10_080).default(60),
});
export type RotationSchedule = z.infer<typeof RotationSchedule>;

/** Password lifetime, in rotation intervals: long enough to repair a failing renewal. */
const INTERVALS_TO_LIVE = 3;

/** How long a password that is issued with an expiry is valid. */
export function lifetimeHours({ rotateEveryHours }: RotationSchedule): number {
  return INTERVALS_TO_LIVE * rotateEveryHours;
}

/** When a password that is issued now expires. */
export function expiryFor(schedule: RotationSchedule, now: Date): Date {
  return new Date(now.getTime() + lifetimeHours(schedule) * HOUR_MS);
}
