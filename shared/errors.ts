import { shorten } from './lib/shorten.ts';
import type { ImageReason, Refusal } from './reasons.ts';

/** Messages quote what services say, and end in records. */
export const LONGEST_MESSAGE = 1_000;

/** What an error tells beside its reason and its message. */
interface RefusalDetails {
  /** What a person must do, where the error knows better than its reason. */
  remedy?: string | undefined;
  /** Whether the same call may work later without a change by a person; by default as `isOutage` says of the reason. */
  retryable?: boolean | undefined;
  cause?: unknown;
}

interface ServiceErrorDetails extends RefusalDetails {
  /** How long the service asked the bridge to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** True when the service may have carried out the request although no answer came. */
  uncertain?: boolean;
}

/** Its message can be shown: it quotes no secret, and is not long. */
abstract class ShownError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(shorten(message, LONGEST_MESSAGE), options);
  }
}

/** A service that an import needs refused, or did not answer. The record gets this reason. */
export class ServiceError extends ShownError {
  override readonly name = 'ServiceError';
  readonly reason: ImageReason;
  readonly remedy: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly uncertain: boolean;

  constructor(reason: ImageReason, message: string, details: ServiceErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.remedy = details.remedy && shorten(details.remedy, LONGEST_MESSAGE);
    this.retryable = details.retryable ?? isOutage(reason);
    this.retryAfterMs = details.retryAfterMs;
    this.uncertain = details.uncertain ?? false;
  }
}

/** Azure did not issue, store, revoke or show a credential, or the place that it is delivered to did not take it. */
export class CredentialError extends ShownError {
  override readonly name = 'CredentialError';
  readonly reason:
    | 'azure-refused'
    | 'disallowed-by-policy'
    | 'scope-locked'
    | 'admin-disabled'
    | 'belongs-to-others'
    | 'graph-unavailable'
    | 'delivery-refused'
    | 'cluster-unavailable'
    | 'delivery-not-fetched';
  readonly remedy: string | undefined;
  readonly retryable: boolean;

  constructor(reason: CredentialError['reason'], message: string, details: RefusalDetails = {}) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.remedy = details.remedy && shorten(details.remedy, LONGEST_MESSAGE);
    this.retryable = details.retryable ?? isOutage(reason);
  }
}

/** For what a later run does again. @throws error unless a service refused, or did not answer */
export function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ServiceError || error instanceof CredentialError)) throw error;
}

/** Whether a reason means that a service did not answer, or asked for a pause. */
function isOutage(reason: ServiceError['reason'] | CredentialError['reason']): boolean {
  return OUTAGES.has(reason);
}
const OUTAGES: ReadonlySet<string> = new Set<ServiceError['reason'] | CredentialError['reason']>([
  'registry-unavailable',
  'secrets-unavailable',
  'coder-unavailable',
  'coder-busy',
  'graph-unavailable',
  'cluster-unavailable',
]);

/** The row changed after the decision read it: read again and decide again. */
export class ConflictError extends ShownError {
  override readonly name = 'ConflictError';
}

/** Table Storage failed, so nothing can be recorded: the caller must call again. */
export class StorageError extends ShownError {
  override readonly name: string = 'StorageError';
}

/**
 * A row that this release cannot read: it is damaged, or a newer release wrote it. It must stop nothing but what is
 * about this row. The message names columns but no values, which may be secret.
 */
export class UnreadableRowError extends StorageError {
  override readonly name = 'UnreadableRowError';
  /** Its keys, as `partition/row`. */
  readonly row: string;
  readonly rowKey: string;
  /** With which it can be replaced or deleted. */
  readonly etag: string;
  /** Whether a newer release wrote it. */
  readonly isNewer: boolean;

  constructor({ partitionKey, rowKey, etag }: RowIdentity, fault: string, isNewer: boolean) {
    const row = `${partitionKey}/${rowKey}`;
    super(shorten(`The row ${row} ${fault}`, LONGEST_MESSAGE));
    this.row = row;
    this.rowKey = rowKey ?? '';
    this.etag = etag;
    this.isNewer = isNewer;
  }
}

interface RowIdentity {
  partitionKey?: string;
  rowKey?: string;
  etag: string;
}

/** One fault of a request: its path, such as `policy.rules[0].tag`, and what is wrong. */
export interface Fault {
  path: string;
  message: string;
}

/** The bridge refuses a request because of its content. No record was changed. */
export class RefusedError extends ShownError {
  override readonly name = 'RefusedError';
  readonly reason: Refusal;
  readonly faults: readonly Fault[];
  /** What a person must do, where the message does not say it. */
  readonly remedy: string | undefined;

  constructor(reason: Refusal, message: string, faults: readonly Fault[] = [], remedy?: string) {
    super(message);
    this.reason = reason;
    this.faults = faults;
    this.remedy = remedy && shorten(remedy, LONGEST_MESSAGE);
  }
}

/** The refusal of input that does not fit its schema. */
export function invalidRequest(faults: readonly Fault[]): RefusedError {
  return new RefusedError('invalid-request', 'The request is not valid; `errors` lists every fault.', faults);
}

export function unknownRegistry(name: string): RefusedError {
  const message = `There is no registry ${name}. GET /api/registries lists those that exist.`;
  return new RefusedError('not-found', message);
}

/** The HTTP status of an Azure SDK error; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** Whether a time limit ended a call, or its caller did. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** One line about any thrown value, for messages and logs, without secrets. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return shorten(String(error));
  if (isTimeout(error)) return 'no answer in time';
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const message = error.message || (statusOf(error) ? `status ${statusOf(error)}` : error.name);
  const text = cause && !message.includes(cause) ? `${message}: ${cause}` : message;
  return shorten(text.replace(/\s+/g, ' '));
}
