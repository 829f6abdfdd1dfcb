import * as z from 'zod';
import type { RotationSchedule } from '../../credentials/renewal.ts';
import type { Registry } from '../../records/registry.ts';
import { Time } from './fields.ts';
import { stepOf } from './rotation.ts';

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

const SLOTS: Record<string, readonly [string, string]> = {
  admin: ['password', 'password2'],
  token: ['password1', 'password2'],
};

/** How many steps of a new one are behind a rotation that is under way, which a call for another one joins. */
const DONE = { issuing: 0, testing: 2, delivering: 3, 'waiting-to-revoke': 0 };

/** @param now when it would begin */
export function rotationPlanView({ name, credential, rotation }: Registry, now: Date, compromised: boolean) {
  const { current, candidate, previous } = rotation;
  const step = stepOf(credential, rotation);
  const done = step && !compromised ? DONE[step] : 0;
  const [first, second] = SLOTS[credential.kind] ?? [];
  const { graceMinutes = 0 } = credential as Partial<RotationSchedule>;
  const revokeOn = new Date(now.getTime() + (compromised ? 0 : graceMinutes * 60_000));
  const held = step === 'delivering' && !compromised ? previous : current;
  const before = [
    { step: 'prove that the registry accepts what Coder holds', on: now },
    ...(candidate ? [{ step: 'discard the one that is being tested' }] : []),
    ...(previous?.slot ? [{ step: 'revoke the one before it', slot: previous.slot }] : []),
  ];
  const rotating = [
    { step: 'issue a new one', slot: current?.slot === first ? second : first },
    { step: 'save it in Key Vault' },
    { step: 'test it until several tests in a row succeed' },
    { step: 'give it to Coder, and have Coder refresh an image with it' },
    { step: 'revoke what Coder held', on: revokeOn, slot: held?.slot },
  ];
  return {
    dryRun: true,
    registry: name,
    compromised,
    steps: done > 0 ? rotating.slice(done) : [...before, ...rotating],
    interrupts: compromised ? INTERRUPTS : undefined,
  };
}
