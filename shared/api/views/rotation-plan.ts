import * as z from 'zod';
import type { CredentialHolder } from '../../credentials/holder.ts';
import type { Registry } from '../../records/registry.ts';
import { planRotation, waitsUntil } from '../../rotation/plan.ts';
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
  waits: z.string().optional().describe('What it waits for.'),
});

/** Said with a rotation that must wait for its slot. */
export const WAITS =
  'The password before the present one stays valid until its grace period is over; the rotation starts then. With compromised=true it does not wait, and ends that password.';

/** A warning with each emergency rotation. */
export const INTERRUPTS =
  'Pulls with the old credential fail as soon as it is revoked: pulls under way, and those of other clients that have it.';

/** @param now when the rotation would start */
export function rotationPlanView(
  registry: Registry,
  holder: CredentialHolder,
  now: Date,
  compromised: boolean,
) {
  return {
    dryRun: true,
    registry: registry.name,
    compromised,
    steps: planRotation(registry, holder, now, compromised),
    interrupts: compromised ? INTERRUPTS : undefined,
    waits: !compromised && waitsUntil(registry) ? WAITS : undefined,
  };
}
