import { type EarlierCredential, unconfirmed } from '../credentials/state.ts';
import { decide } from './decide.ts';
import type { Found, RotationFacts } from './facts.ts';
import { look } from './look.ts';
import type { Run } from './run.ts';
import type { RotationStep } from './step.ts';

/** Tests which credentials work, and decides the next step. @throws ServiceError when the registry does not answer */
export async function nextStep(run: Run): Promise<RotationStep> {
  const known = await testCredentials(run);
  const step = decideNow(run, { ...known, found: undefined });
  return step.do === 'look' ? decideNow(run, { ...known, found: await look(run) }) : step;
}

/** Whether the candidate is still wanted, and was not reported as compromised. */
export function isStillCandidate(run: Run): boolean {
  const step = decideNow(run, { current: 'accepted', accepted: undefined, found: undefined });
  // After its time, another look decides about it.
  return step.do === 'prove' || step.do === 'look';
}

type Tested = Pick<RotationFacts, 'current' | 'accepted'>;

async function testCredentials({ lease, tests }: Run): Promise<Tested> {
  const { rotation } = lease.registry();
  const current = await tests.verdictOf(rotation.current);
  if (current === 'accepted') return { current, accepted: undefined };
  const confirmed = (rotation.earlier ?? []).filter(({ revokeOn }) => revokeOn);
  let accepted: EarlierCredential | undefined;
  for (const old of [...unconfirmed(rotation), ...confirmed]) {
    accepted ??= (await tests.verdictOf(old)) === 'accepted' ? old : undefined;
  }
  return { current, accepted };
}

function decideNow({ lease, services }: Run, known: Tested & { found: Found | undefined }): RotationStep {
  const { credential: declared, rotation } = lease.registry();
  return decide({ declared, rotation, now: services.now(), ...known });
}
