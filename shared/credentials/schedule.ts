import * as z from 'zod';

export const HOUR_MS = 3_600_000;

/** When a kind that the bridge issues is renewed. */
export const RotationSchedule = z.object({
  /** Hours after which a new one is issued. One that ends by itself is renewed at half of its life at the latest. */
  rotateEveryHours: z.int().min(1).max(8_760).default(720),
  /** Minutes for which the old one stays valid after Coder has confirmed the new one. */
  graceMinutes: z.int().min(0).max(10_080).default(60),
});
export type RotationSchedule = z.infer<typeof RotationSchedule>;

/** Password lifetime, in rotation intervals: long enough to mend what keeps it from being renewed. */
const INTERVALS_TO_LIVE = 3;

/** When a password that is issued now ends by itself. */
export function expiryFor({ rotateEveryHours }: RotationSchedule, now: Date): Date {
  return new Date(now.getTime() + INTERVALS_TO_LIVE * rotateEveryHours * HOUR_MS);
}
