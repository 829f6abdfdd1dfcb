import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { describe } from '../errors.ts';
import type { Services } from '../services.ts';
import { problemOf, problemResponse } from './problem.ts';

/** Answers a request; whatever it throws becomes a problem. */
type Answer = (request: HttpRequest, services: Services, signal: AbortSignal) => Promise<HttpResponseInit>;

/** Longest time for one request, in ms; callers of the platform are cut off after 230 s. */
const BUDGET_MS = 60_000;

/** Wraps what an HTTP function does. `getServices` may throw when the settings are wrong. */
export function endpoint(getServices: () => Services, answer: Answer): HttpHandler {
  return async (request, context) => {
    try {
      return await answer(request, getServices(), AbortSignal.timeout(BUDGET_MS));
    } catch (error) {
      const { status, reason } = problemOf(error);
      if (status >= 500)
        context.error(JSON.stringify({ text: 'request failed', reason, message: describe(error) }));
      return problemResponse(error);
    }
  };
}
