import * as z from 'zod';
import type { Registry } from '../../records/registry.ts';
import { planRotation } from '../../rotation/plan.ts';
import { Time } from './fields.ts';

const Planned = z.strictObject({
  step: z.string(),
  on: Time.optional().describe('The earliest time.'),
  slot: z.string().optional().describe('Which of the two passwords.'),
});

/** The steps of a rotation, in order. */
export const RotationPlanView = z.strictObject({
  dryRun: z.literal(true),
  registry: z.string(),
  compromised: z.boolean(),
  steps: z.array(Planned),
  interrupts: z.string().optional().describe('What the rotation may interrupt.'),
});

/** A warning with each emergency rotation. */
export const INTERRUPTS =
  'Pulls with the old credential fail as soon as it is revoked: pulls under way, and those of other clients that have it.';

/** @param now when the rotation would start */
export function rotationPlanView(registry: Registry, now: Date, compromised: boolean, minutesInUse: number) {
  return {
    dryRun: true,
    registry: registry.name,
    compromised,
    steps: planRotation(registry, now, compromised, minutesInUse),
    interrupts: compromised ? INTERRUPTS : undefined,
  };
}
