import { HTTPError } from 'ky';
import { ServiceError } from '../../errors.ts';

/** The status with which Coder refused; undefined when it was no refusal. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : undefined;
  return cause instanceof HTTPError ? cause.response.status : undefined;
}
