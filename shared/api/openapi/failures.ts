import { IMAGE_REASONS, REASONS } from '../../reasons.ts';
import type { AnyHttpFunction } from '../http-function.ts';
import { type Problem, statusOf } from '../problem.ts';

export type Reason = Problem['reason'];

export interface Failure {
  status: number;
  reason: Reason;
}

/** Every reason with which a function may fail. */
export function failuresOf(spec: AnyHttpFunction): Failure[] {
  const { role, body, standalone, refusals = [], answersNotImported } = spec;
  const reasons: Reason[] = [
    'invalid-request',
    ...(role ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(body ? (['too-large', 'unsupported-media-type'] as const) : []),
    ...refusals,
    'internal-error',
    ...(standalone ? [] : (['record-unreadable', 'storage-unavailable'] as const)),
  ];
  const failures = reasons.map((reason): Failure => ({ status: statusOf(reason), reason }));
  const isKnown = (reason: Reason) => failures.some(known => known.status === 422 && known.reason === reason);
  const notImported = answersNotImported ? NOT_IMPORTED.filter(reason => !isKnown(reason)) : [];
  return [...failures, ...notImported.map(reason => ({ status: 422, reason }))];
}

/** An image that was pending for too long fails with the same reason; `importing` and `replayed` are no failures. */
const NOT_IMPORTED = IMAGE_REASONS.filter(
  reason => REASONS[reason].state !== 'imported' && reason !== 'importing' && reason !== 'replayed',
);
