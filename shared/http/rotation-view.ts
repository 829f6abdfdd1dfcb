import * as z from 'zod';
import { renewOn } from '../credentials/renewal.ts';
import type { Registry } from '../records/registry.ts';
import { isLeaked } from '../rotation/decide.ts';
import { planRotation } from '../rotation/plan.ts';
import { STAGES, stageOf } from '../rotation/stage.ts';

const Time = z.iso.datetime();

/** How far the credential of a registry is. Its value is never here. */
export const RotationView = z.strictObject({
  username: z.string().optional().describe('Whom Coder logs in as.'),
  issuedOn: Time.optional(),
  expiresOn: Time.optional().describe('Absent when the bridge knows of no end.'),
  nextRotationOn: Time.optional(),
  step: z.enum(STAGES).optional().describe('Absent while there is nothing under way.'),
  compromised: z
    .boolean()
    .optional()
    .describe('Whether what Coder holds is to be replaced without a grace period.'),
  revokeOn: Time.optional().describe('When the credential before this one is revoked.'),
  lastResult: z
    .strictObject({
      on: Time,
      outcome: z.enum(['rotated', 'failed']),
      reason: z.string(),
      message: z.string(),
    })
    .optional(),
});

export function rotationView(registry: Registry) {
  const { credential, rotation } = registry;
  const { current, revokeOn, lastResult } = rotation;
  const next = renewOn(credential, current);
  const step = stageOf(registry);
  const compromised = current !== undefined && isLeaked(current, rotation);
  return {
    ...(current && { username: current.username, issuedOn: current.issuedOn }),
    ...(current?.expiresOn && { expiresOn: current.expiresOn }),
    ...(next && { nextRotationOn: next }),
    ...(step && { step }),
    ...(compromised && { compromised }),
    ...(revokeOn && { revokeOn }),
    ...(lastResult && { lastResult }),
  };
}

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

/** @param now when it would begin */
export function rotationPlanView(registry: Registry, now: Date, compromised: boolean) {
  return {
    ...{ dryRun: true, registry: registry.name, compromised },
    steps: planRotation(registry, now, compromised),
    ...(compromised && { interrupts: INTERRUPTS }),
  };
}

/** Said beside each emergency rotation. */
export const INTERRUPTS =
  'Pulls that use the old credential fail from the moment at which it is revoked: those that began before, and those of whatever else was given it.';
