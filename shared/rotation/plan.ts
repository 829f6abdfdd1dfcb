import { otherSlot } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { endOfGrace } from '../credentials/renewal.ts';
import type { CredentialRecord } from '../credentials/state.ts';
import { type Stage, stageOf } from './stage.ts';

export interface PlannedStep {
  step: string;
  /** The earliest time. */
  on?: Date;
  slot?: string;
}

/** A request joins the rotation that is under way: how many steps that one has done, by stage. */
const DONE: Record<Stage, number> = { issuing: 0, testing: 2, delivering: 3, 'waiting-to-revoke': 0 };

/** The steps of a rotation, in order, if a person asked for it now. */
export function planRotation(registry: CredentialRecord, now: Date, compromised: boolean): PlannedStep[] {
  const stage = stageOf(registry);
  const joined = compromised ? undefined : stage;
  const { current, previous } = registry.rotation;
  const held = joined === 'delivering' ? previous : current;
  const revokeOn = compromised ? now : endOfGrace(registry.credential, now);
  const steps = rotating(registry, revokeOn, held?.slot);
  const done = joined ? DONE[joined] : 0;
  return done > 0 ? steps.slice(done) : [...clearing(registry, now), ...steps];
}

/** The first steps of a new rotation, about the credentials in the record. */
function clearing({ rotation: { candidate, previous } }: CredentialRecord, now: Date): PlannedStep[] {
  return [
    { step: 'prove that the registry accepts what Coder holds', on: now },
    ...(candidate ? [{ step: 'discard the one that is being tested' }] : []),
    ...(previous?.slot ? [{ step: 'revoke the one before it', slot: previous.slot }] : []),
  ];
}

function rotating(
  { credential, rotation }: CredentialRecord,
  revokeOn: Date,
  revoked: string | undefined,
): PlannedStep[] {
  const slots = credentialKind(credential.kind).issuer?.slots;
  return [
    { step: 'issue a new one', ...(slots && { slot: otherSlot(slots, rotation.current?.slot) }) },
    { step: 'save it in Key Vault' },
    { step: 'test it until several tests in a row succeed' },
    { step: 'give it to Coder, and have Coder refresh an image with it' },
    { step: 'revoke what Coder held', on: revokeOn, ...(revoked && { slot: revoked }) },
  ];
}
