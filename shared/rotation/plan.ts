import type { CredentialHolder, HeldRegistry } from '../credentials/holder.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { endOfGrace } from '../credentials/renewal.ts';
import type { CredentialRecord, CredentialState } from '../credentials/state.ts';
import { isSameSource } from './azure-facts.ts';
import { type Stage, stageOf } from './stage.ts';

export interface PlannedStep {
  step: string;
  /** The earliest time. */
  on?: Date;
  slot?: string;
}

/** How many of its steps a rotation has done, by its stage. */
const DONE: Record<Stage, number> = { issuing: 0, testing: 2, delivering: 3, 'waiting-to-revoke': 5 };

/** The steps of a rotation, in order, if a person asked for it now. */
export function planRotation(
  registry: HeldRegistry,
  holder: Pick<CredentialHolder, 'minutesInUse' | 'deliveryStep'>,
  now: Date,
  compromised: boolean,
): PlannedStep[] {
  const { credential, rotation } = registry;
  const stage = stageOf(registry);
  const minutesInUse = holder.minutesInUse(registry);
  const deliver = holder.deliveryStep(registry);
  const prove = { step: 'prove that the registry accepts the current credential', on: now };
  if (compromised)
    return [prove, ...clearing(rotation), ...rotating(registry, deliver, rotation.current?.slot, now)];
  const held = (rotation.candidate ?? rotation.current)?.slot;
  const revokeOn = endOfGrace(credential, now, minutesInUse);
  const steps = rotating(registry, deliver, held, revokeOn);
  if (!stage || stage === 'issuing') return [prove, ...steps];
  const underWay = steps
    .slice(DONE[stage])
    .map(({ step }) => ({ step: `end the rotation under way: ${step}` }));
  const grace = stage === 'waiting-to-revoke' ? waitsUntil(registry) : revokeOn;
  const wait = waiting(registry, grace);
  const afterWait = rotating(registry, deliver, held, endOfGrace(credential, grace ?? now, minutesInUse));
  return [prove, ...underWay, ...wait, ...(wait.length > 0 ? afterWait : steps)];
}

/** When the slot of the next password is free; undefined when it is now. A plain request waits for that. */
export function waitsUntil({ credential, rotation }: CredentialRecord): Date | undefined {
  if (!credentialKind(credential.kind).issuer?.slots) return undefined;
  const ends = (rotation.earlier ?? [])
    .filter(({ declared }) => isSameSource(declared, credential))
    .flatMap(({ revokeOn }) => revokeOn ?? []);
  return ends.sort((a, b) => +b - +a)[0];
}

/** A plain rotation interrupts no pull: it waits until the grace period of the password in its slot is over. */
function waiting({ credential, rotation }: CredentialRecord, on: Date | undefined): PlannedStep[] {
  const slot = rotation.earlier?.[0]?.slot;
  if (!on || !credentialKind(credential.kind).issuer?.slots) return [];
  return [{ step: 'wait for the end of the grace period of the older one', on, ...(slot && { slot }) }];
}

/** What an emergency does first about the other credentials in the record. */
function clearing({ candidate, earlier = [] }: CredentialState): PlannedStep[] {
  return [
    ...(candidate ? [{ step: 'discard the one that is being tested' }] : []),
    ...earlier.map(({ slot }) => ({ step: 'revoke the one before it', ...(slot && { slot }) })),
  ];
}

/**
 * @param deliver the step that delivers it
 * @param held slot of the credential that is delivered then
 */
function rotating(
  { credential }: CredentialRecord,
  deliver: string,
  held: string | undefined,
  revokeOn: Date,
): PlannedStep[] {
  const { slots } = credentialKind(credential.kind).issuer ?? {};
  const next = slots?.find(slot => slot !== held);
  return [
    { step: 'issue a new one', ...(next && { slot: next }) },
    { step: 'save it in Key Vault' },
    { step: 'test it until several tests in a row succeed' },
    { step: deliver },
    { step: 'revoke the older one', on: revokeOn, ...(held && { slot: held }) },
  ];
}
