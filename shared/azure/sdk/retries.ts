/**
 * How the Azure SDK clients retry within one call: little, since Event Grid waits 30 s for an answer, and the sweep
 * tries longer failures again.
 */
export const retryOptions = { maxRetries: 2, retryDelayInMs: 300, maxRetryDelayInMs: 2_000 };
