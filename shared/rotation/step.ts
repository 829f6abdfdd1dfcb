import type { FoundPassword } from '../credentials/kind.ts';
import { renewOn } from '../credentials/renewal.ts';
import type { EarlierCredential, Failure, IssuedCredential, ReasonToIssue } from '../credentials/state.ts';
import type { RotationFacts } from './facts.ts';

/** How a new credential is made. */
export interface Issue {
  do: 'issue';
  why: ReasonToIssue;
  slot?: string;
  /** Takes the password that is in the slot, so that other clients keep it. */
  asItIs: boolean;
  /** The slot has a password that the holder could have: the holder confirms the current one first. */
  deliverFirst: boolean;
}

export type RotationStep =
  /** `nextOn`: when the next step is due. */
  | { do: 'nothing'; nextOn?: Date }
  /** Find out more, then decide again. */
  | { do: 'look' }
  /** Nothing can be told or done until this is over. */
  | { do: 'wait'; because: Failure }
  /** The first refusal of a password that Azure still has: nothing is done about it before it has lasted. */
  | { do: 'suspect' }
  /** A person must act: the bridge issues no credential of this kind. */
  | { do: 'report' }
  /** The password works, but it may not pull. */
  | { do: 'repair-rights' }
  /** Both passwords are taken, and the holder may have either. */
  | { do: 'report-no-slot' }
  | Issue
  /** Take up what Key Vault has and the record does not. */
  | { do: 'recall'; credential: IssuedCredential }
  /** Keep in mind passwords of the account that the record does not have: the holder may have them. */
  | { do: 'remember'; passwords: FoundPassword[] }
  /** `until`: for how long the registry may refuse it. */
  | { do: 'prove'; until: Date }
  /** `expired`: the registry did not accept it in time. */
  | { do: 'discard'; expired: boolean }
  | { do: 'deliver' }
  /** Go back to an earlier credential, which still works. */
  | { do: 'fall-back'; to: EarlierCredential }
  /** `deliverFirst`: a late call may have delivered the old credential again, so deliver the current one first. */
  | { do: 'revoke'; credential: EarlierCredential; deliverFirst: boolean };

/** Nothing now. The next step is due when a grace period ends, or else when the credential is to be renewed. */
export function nothing({ declared, rotation }: RotationFacts): RotationStep {
  const ends = (rotation.earlier ?? []).flatMap(({ revokeOn }) => revokeOn ?? []);
  const dueOn = renewOn(declared, rotation.current);
  const [nextOn] = [...ends, ...(dueOn && ends.length === 0 ? [dueOn] : [])].sort((a, b) => +a - +b);
  return { do: 'nothing', ...(nextOn && { nextOn }) };
}
