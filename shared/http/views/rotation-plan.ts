import * as z from 'zod';
import type { Registry } from '../../records/registry.ts';
import { planRotation } from '../../rotation/plan.ts';
import { Time } from './fields.ts';

const Planned = z.strictObject({
  step: z.string(),
  on: Time.optional().describe('When at the earliest.'),
  slot: z.string().optional().describe('Which of the two passwords.'),
});

/** What a rotation would do, in order. */
export const RotationPlanView = z.strictObject({
  dryRun: z.literal(true),
  registry: z.string(),
  compromised: z.boolean(),
  steps: z.array(Planned),
  interrupts: z.string().optional().describe('What it may interrupt.'),
});

/** Said beside each emergency rotation. */
export const INTERRUPTS =
  'Pulls that use the old credential fail from the moment at which it is revoked: those that began before, and those of whatever else was given it.';

/** @param now when it would begin */
export function rotationPlanView(registry: Registry, now: Date, compromised: boolean) {
  return {
    dryRun: true,
    registry: registry.name,
    compromised,
    steps: planRotation(registry, now, compromised),
    interrupts: compromised ? INTERRUPTS : undefined,
  };
}
