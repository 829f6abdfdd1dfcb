import type { ImageReason, Refusal } from './reasons.ts';

interface ServiceErrorDetails {
  /** How long the service asked us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** True when the request may have been carried out although no answer came. */
  uncertain?: boolean;
  cause?: unknown;
}

/** A service that an import needs refused, or did not answer. Its reason says which, and ends in the record. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly reason: ImageReason;
  readonly retryAfterMs: number | undefined;
  readonly uncertain: boolean;

  constructor(reason: ImageReason, message: string, details: ServiceErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.retryAfterMs = details.retryAfterMs;
    this.uncertain = details.uncertain ?? false;
  }
}

/** Azure did not issue, revoke or show a credential. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly reason: 'azure-refused' | 'admin-disabled' | 'graph-unavailable';

  constructor(reason: CredentialError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** Somebody else changed the row that a decision was made on: read again and decide again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** Table Storage did not do what was asked, so nothing can be recorded: whoever called must call again. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';
}

/** A row of a table is not as the bridge writes it. The message names columns, and no value: it may be a secret. */
export class DamagedRowError extends StorageError {
  override readonly name = 'DamagedRowError';

  constructor(row: string, faults: readonly string[]) {
    super(`The row ${row} is damaged: ${faults.join('; ')}.`);
  }
}

/** One thing wrong with a request: where, as a path such as `policy.rules[0].tag`, and what. */
export interface Fault {
  path: string;
  message: string;
}

/** A request that is refused because of what it asks for. No record was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly reason: Refusal;
  readonly faults: readonly Fault[];

  constructor(reason: Refusal, message: string, faults: readonly Fault[] = []) {
    super(message);
    this.reason = reason;
    this.faults = faults;
  }
}

/** Input that does not fit its schema. */
export function invalidRequest(faults: readonly Fault[]): RefusedError {
  return new RefusedError('invalid-request', 'The request is not valid; `errors` lists every fault.', faults);
}

export function unknownRegistry(name: string): RefusedError {
  const message = `There is no registry ${name}. GET /api/registries lists those that exist.`;
  return new RefusedError('not-found', message);
}

/** The HTTP status that an Azure SDK error carries; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** One line about any thrown value, for messages and logs. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const message = error.message || (statusOf(error) ? `status ${statusOf(error)}` : error.name);
  const text = cause && !message.includes(cause) ? `${message}: ${cause}` : message;
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
