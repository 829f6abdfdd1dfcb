import { HTTPError } from 'ky';
import { ServiceError } from '../../errors.ts';

/** The status with which Coder refused; undefined when it was no refusal. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : undefined;
  return cause instanceof HTTPError ? cause.response.status : undefined;
}

/** Makes a call that changed nothing, and need not, where Coder refuses with one of these statuses. */
export async function ignoring(statuses: readonly number[], call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  }
}
