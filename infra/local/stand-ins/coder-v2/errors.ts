import type { StandInResponse } from '../../stand-in-messages.ts';

/** One field of a request that breaks a rule, as Coder names it. */
export interface Validation {
  field: string;
  detail: string;
}

/** A refusal, in Coder's words. */
export class CoderError extends Error {
  readonly status: number;
  readonly detail: string | undefined;
  readonly validations: Validation[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    more: { detail?: string; validations?: Validation[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'CoderError';
    this.status = status;
    this.detail = more.detail;
    this.validations = more.validations;
    this.headers = more.headers ?? {};
  }
}

/** The answer for a refusal; anything else is a fault of the stand-in and thrown on. */
export function refusal(error: unknown): StandInResponse {
  if (!(error instanceof CoderError)) throw error;
  const { status, message, detail, validations, headers } = error;
  return {
    status,
    headers,
    body: { message, ...(detail !== undefined && { detail }), ...(validations && { validations }) },
  };
}

/** What is not there, or what the caller may not read: Coder does not tell them apart. */
export function notFound(): CoderError {
  return new CoderError(404, 'Resource not found or you do not have access to this resource');
}

export function forbidden(): CoderError {
  return new CoderError(403, 'Forbidden.');
}

/** A write without the right, inside a transaction: 500, and only the detail says why. */
export function unauthorizedWrite(message: string, during: string): CoderError {
  return new CoderError(500, message, { detail: `${during}: unauthorized: rbac: forbidden` });
}
