import type { HeldRegistry } from '../credentials/holder.ts';
import { otherSlot } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { endOfGrace } from '../credentials/renewal.ts';
import type { CredentialRecord } from '../credentials/state.ts';
import { type Stage, stageOf } from './stage.ts';

type PlannedRegistry = CredentialRecord & Pick<HeldRegistry, 'delivery'>;

export interface PlannedStep {
  step: string;
  /** The earliest time. */
  on?: Date;
  slot?: string;
}

/** A request joins the rotation that is under way: how many steps that one has done, by stage. */
const DONE: Record<Stage, number> = { issuing: 0, testing: 2, delivering: 3, 'waiting-to-revoke': 0 };

/**
 * The steps of a rotation, in order, if a person asked for it now.
 * @param minutesInUse how long after a delivery the previous credential may still be in use
 */
export function planRotation(
  registry: PlannedRegistry,
  now: Date,
  compromised: boolean,
  minutesInUse: number,
): PlannedStep[] {
  const stage = stageOf(registry);
  const joined = compromised ? undefined : stage;
  const { current, previous } = registry.rotation;
  const held = joined === 'delivering' ? previous : current;
  const revokeOn = compromised ? now : endOfGrace(registry.credential, now, minutesInUse);
  const steps = rotating(registry, revokeOn, held?.slot);
  const done = joined ? DONE[joined] : 0;
  const waits = minutesInUse > 0 && !compromised;
  return done > 0 ? steps.slice(done) : [...clearing(registry, now, waits), ...steps];
}

/**
 * The first steps of a new rotation, about the credentials in the record.
 * @param waits the previous one is revoked only at the end of its grace period
 */
function clearing(
  { rotation: { candidate, previous, revokeOn } }: CredentialRecord,
  now: Date,
  waits: boolean,
): PlannedStep[] {
  const on = waits && revokeOn ? { on: revokeOn } : {};
  return [
    { step: 'prove that the registry accepts what Coder holds', on: now },
    ...(candidate ? [{ step: 'discard the one that is being tested' }] : []),
    ...(previous?.slot ? [{ step: 'revoke the one before it', slot: previous.slot, ...on }] : []),
  ];
}

function rotating(
  { credential, rotation, delivery }: PlannedRegistry,
  revokeOn: Date,
  revoked: string | undefined,
): PlannedStep[] {
  const delivers = delivery !== undefined && delivery.kind !== 'none';
  const slots = credentialKind(credential.kind).issuer?.slots;
  return [
    { step: 'issue a new one', ...(slots && { slot: otherSlot(slots, rotation.current?.slot) }) },
    { step: 'save it in Key Vault' },
    { step: 'test it until several tests in a row succeed' },
    {
      step: delivers ? 'give it to workspaces' : 'give it to Coder, and have Coder refresh an image with it',
    },
    {
      step: delivers ? 'revoke what workspaces had' : 'revoke what Coder held',
      on: revokeOn,
      ...(revoked && { slot: revoked }),
    },
  ];
}
