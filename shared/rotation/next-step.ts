import { decide, type RotationFacts, type RotationStep } from './decide.ts';
import type { Run } from './run.ts';

/** Tests which credentials work, and decides the next step. @throws ServiceError when the registry does not answer */
export async function nextStep(run: Run): Promise<RotationStep> {
  const { lease, tests } = run;
  const { current, previous } = lease.registry().rotation;
  const currentWorks = await tests.works(current);
  const previousWorks = currentWorks || !previous || (await tests.works(previous));
  return decideNow(run, { currentWorks, previousWorks });
}

/** Whether to go on testing the candidate: it has time left, and was not reported as compromised. */
export function isStillCandidate(run: Run): boolean {
  return decideNow(run, { currentWorks: true, previousWorks: true }).do === 'prove';
}

function decideNow(
  { lease, services }: Run,
  known: Pick<RotationFacts, 'currentWorks' | 'previousWorks'>,
): RotationStep {
  const { credential: declared, rotation } = lease.registry();
  const unconfirmed = services.holder.minutesInUse(lease.registry()) > 0;
  return decide({ declared, rotation, now: services.now(), unconfirmed, ...known });
}
