/**
 * How the Azure SDK clients retry within one call: little, since an event is to be answered within 30 s and what
 * fails longer is taken up again by the sweep.
 */
export const retryOptions = { maxRetries: 2, retryDelayInMs: 300, maxRetryDelayInMs: 2_000 };
