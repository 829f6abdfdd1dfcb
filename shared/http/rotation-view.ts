import * as z from 'zod';
import { otherSlot } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds.ts';
import { endOfGrace, renewOn } from '../credentials/renewal.ts';
import type { Registry } from '../records/registry.ts';
import { isLeaked } from '../rotation/decide.ts';

const Time = z.iso.datetime();

const STEPS = ['issuing', 'testing', 'delivering', 'waiting-to-revoke'] as const;

/** How far the credential of a registry is. Its value is never here. */
export const RotationView = z.strictObject({
  username: z.string().optional().describe('Whom Coder logs in as.'),
  issuedOn: Time.optional(),
  expiresOn: Time.optional().describe('Absent when the bridge knows of no end.'),
  nextRotationOn: Time.optional(),
  step: z.enum(STEPS).optional().describe('Absent while there is nothing under way.'),
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

export function rotationView({ credential, rotation }: Registry) {
  const { current, revokeOn, lastResult } = rotation;
  const next = renewOn(credential, current);
  const step = stepOf(credential, rotation);
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

function stepOf({ kind }: Registry['credential'], rotation: Registry['rotation']) {
  const { current, candidate, previous, revokeOn, requestedOn } = rotation;
  if (candidate) return 'testing';
  if (previous) return revokeOn ? 'waiting-to-revoke' : 'delivering';
  if (!credentialKind(kind).issuer) return undefined;
  return !current || (requestedOn && current.issuedOn < requestedOn) ? 'issuing' : undefined;
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

/** How many steps of a new one are behind a rotation that is under way, which a call for another one joins. */
const DONE = { issuing: 0, testing: 2, delivering: 3, 'waiting-to-revoke': 0 };

/** @param now when it would begin */
export function rotationPlanView({ name, credential, rotation }: Registry, now: Date, compromised: boolean) {
  const { current, candidate, previous } = rotation;
  const step = stepOf(credential, rotation);
  const done = step && !compromised ? DONE[step] : 0;
  const slots = credentialKind(credential.kind).issuer?.slots;
  const slot = slots && otherSlot(slots, current?.slot);
  const revokeOn = compromised ? now : endOfGrace(credential, now);
  const held = step === 'delivering' && !compromised ? previous : current;
  const revoked = held?.slot ? { slot: held.slot } : {};
  const before = [
    { step: 'prove that the registry accepts what Coder holds', on: now },
    ...(candidate ? [{ step: 'discard the one that is being tested' }] : []),
    ...(previous?.slot ? [{ step: 'revoke the one before it', slot: previous.slot }] : []),
  ];
  const rotating = [
    { step: 'issue a new one', ...(slot && { slot }) },
    { step: 'save it in Key Vault' },
    { step: 'test it until several tests in a row succeed' },
    { step: 'give it to Coder, and have Coder refresh an image with it' },
    { step: 'revoke what Coder held', on: revokeOn, ...revoked },
  ];
  return {
    dryRun: true,
    registry: name,
    compromised,
    steps: done > 0 ? rotating.slice(done) : [...before, ...rotating],
    ...(compromised && { interrupts: INTERRUPTS }),
  };
}

/** Said beside each emergency rotation. */
export const INTERRUPTS =
  'Pulls that use the old credential fail from the moment at which it is revoked: those that began before, and those of whatever else was given it.';
