import { retryOptions } from '../shared/azure/sdk/retries.ts';

// What is tried again within a call is tried again as often as in production, but at once.
retryOptions.retryDelayInMs = 1;
