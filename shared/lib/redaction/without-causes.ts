import { redact } from './redact.ts';

/**
 * Runs what the platform started. The platform logs an error with all that it holds, and the errors of clients hold the
 * requests, with their tokens. So this throws only the name, the message and the stack, without secrets.
 */
export async function withoutCauses<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { name = 'Error', message = String(error), stack = '' } = (error ?? {}) as Partial<Error>;
    throw Object.assign(new Error(redact(message)), { name, stack: redact(stack) });
  }
}
