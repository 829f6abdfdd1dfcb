import { STATUS_CODES } from 'node:http';
import type { HttpResponseInit } from '@azure/functions';
import {
  ConflictError,
  CredentialError,
  describe,
  type Fault,
  RefusedError,
  ServiceError,
  StorageError,
  UnreadableRowError,
} from '../errors.ts';
import { redactAll } from '../lib/redaction/redact.ts';
import { formatReference } from '../policy/reference.ts';
import { REFUSALS, REPLACE_RECORD, type Refusal, remedyOf } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import { imageView } from './views/image.ts';

/** Reasons of failures that are about no image. */
type OtherReason = 'record-unreadable' | 'storage-unavailable' | 'conflict' | 'internal-error';

/** An error in the form of RFC 9457, with a stable `reason` and, for bad input, all faults at once. */
export interface Problem {
  type: 'about:blank';
  title: string;
  status: number;
  reason: Refusal | ServiceError['reason'] | OtherReason;
  detail: string;
  remedy?: string | undefined;
  errors?: readonly Fault[] | undefined;
  /** The record of the image in question. */
  image?: object;
}

const CHANGED_MEANWHILE = 'Another request changed it at the same time. Read it again, then retry.';
const UNFORESEEN = 'The bridge failed. See its log at the time of this answer.';

/** Describes an error to the caller. The details of an unexpected error go only to the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RefusedError) {
    const errors = error.faults.length > 0 ? error.faults : undefined;
    return problem(statusOf(error.reason), error.reason, error.message, { errors, remedy: error.remedy });
  }
  if (error instanceof ServiceError) {
    const remedy = remedyOf(error.reason, undefined, error.remedy);
    return problem(statusOf(error.reason), error.reason, error.message, { remedy });
  }
  if (error instanceof CredentialError) {
    return problem(statusOf(error.reason), error.reason, error.message, { remedy: error.remedy });
  }
  if (error instanceof ConflictError) return problem(statusOf('conflict'), 'conflict', CHANGED_MEANWHILE);
  if (error instanceof UnreadableRowError) {
    const remedy = REPLACE_RECORD;
    return problem(statusOf('record-unreadable'), 'record-unreadable', error.message, { remedy });
  }
  if (error instanceof StorageError) {
    return problem(statusOf('storage-unavailable'), 'storage-unavailable', describe(error));
  }
  return problem(statusOf('internal-error'), 'internal-error', UNFORESEEN);
}

/** The status that a reason is answered with. A reason that is no refusal means that a service failed. */
export function statusOf(reason: Problem['reason']): number {
  if (reason === 'internal-error' || reason === 'record-unreadable') return 500;
  if (reason === 'conflict') return 409;
  return reason in REFUSALS ? REFUSALS[reason as Refusal] : 503;
}

export function problemResponse(error: unknown): HttpResponseInit {
  return respond(problemOf(error));
}

/** The problem for an image that did not reach Coder, with the reason and remedy of its record. */
export function notImported(record: ImageRecord): HttpResponseInit {
  const { reason, message, state, pushedOn } = record;
  const detail = `${record.registry}/${formatReference(record)}: ${message}`;
  const remedy = remedyOf(reason, state, record.remedy);
  // There is no record of a tag that was never there.
  const image = pushedOn && { image: imageView(record) };
  return respond(problem(422, reason, detail, { remedy, ...image }));
}

function respond(body: Problem): HttpResponseInit {
  return {
    status: body.status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify(redactAll(body)),
  };
}

function problem(
  status: number,
  reason: Problem['reason'],
  detail: string,
  more: Pick<Problem, 'remedy' | 'errors' | 'image'> = {},
): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, reason, detail, ...more };
}
