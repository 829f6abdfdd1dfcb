import type { Target } from '../coder/target.ts';
import { describe, ServiceError } from '../errors.ts';
import type { Log } from '../lib/log.ts';

/** Lets the target end what no registry's work ends. What fails is tried again with the next call. */
export async function tidyTarget(
  { target }: { target: Target },
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  try {
    await target.tidy?.(signal);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    log.error('tidying incomplete', { reason: error.reason, message: describe(error) });
  }
}
