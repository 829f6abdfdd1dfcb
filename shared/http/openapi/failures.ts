import { IMAGE_REASONS, REASONS, REFUSALS } from '../../reasons.ts';
import type { AnyHttpFunction } from '../http-function.ts';
import type { Problem } from '../problem.ts';

export type Reason = Problem['reason'];

export interface Failure {
  status: number;
  reason: Reason;
}

/** Every way in which a function may fail. */
export function failuresOf(spec: AnyHttpFunction): Failure[] {
  const { role, body, standalone, refusals = [], answersNotImported } = spec;
  const reasons: Reason[] = [
    'invalid-request',
    ...(role ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(body ? (['too-large', 'unsupported-media-type'] as const) : []),
    ...refusals,
    'internal-error',
    ...(standalone ? [] : (['storage-unavailable'] as const)),
  ];
  const failures = reasons.map((reason): Failure => ({ status: statusOf(reason), reason }));
  const isKnown = (reason: Reason) => failures.some(known => known.status === 422 && known.reason === reason);
  const notImported = answersNotImported ? NOT_IMPORTED.filter(reason => !isKnown(reason)) : [];
  return [...failures, ...notImported.map(reason => ({ status: 422, reason }))];
}

/** What was pending for too long fails with the reason that it waited for; being under way is no failure. */
const NOT_IMPORTED = IMAGE_REASONS.filter(
  reason => REASONS[reason].state !== 'imported' && reason !== 'importing' && reason !== 'replayed',
);

/** The status that `problemOf` gives; whatever is no refusal of ours is a service that fails us. */
export function statusOf(reason: Reason): number {
  if (reason === 'internal-error') return 500;
  if (reason === 'conflict') return 409;
  return reason in REFUSALS ? REFUSALS[reason as keyof typeof REFUSALS] : 503;
}
