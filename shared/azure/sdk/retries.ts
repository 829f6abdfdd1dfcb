/**
 * How calls to Azure and Coder are tried again within one call: little, since Event Grid waits 30 s for an answer, and
 * the sweep tries longer failures again. Tests shorten the pauses before clients are made.
 */
export const retryOptions = { maxRetries: 2, retryDelayInMs: 300, maxRetryDelayInMs: 2_000 };
