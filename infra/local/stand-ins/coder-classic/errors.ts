import { STATUS_CODES } from 'node:http';
import type { StandInResponse } from '../../stand-in-messages.ts';

/** A refusal, as Coder words it. */
export class CoderError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'CoderError';
    this.status = status;
  }
}

/** The answer for a refusal, `{"error":{"msg","code"}}`; anything else is a fault of the stand-in and thrown on. */
export function refusal(error: unknown): StandInResponse {
  if (!(error instanceof CoderError)) throw error;
  const code = (STATUS_CODES[error.status] ?? 'error').toLowerCase().replaceAll(' ', '_');
  return { status: error.status, body: { error: { msg: error.message, code } } };
}
