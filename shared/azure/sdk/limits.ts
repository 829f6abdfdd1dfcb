import { TooLargeError } from '../../lib/bounded-fetch.ts';
import { parseRetryAfter } from '../../lib/retry-after.ts';
import { timeLimit } from '../../lib/time-limit.ts';
import { type AdditionalPolicy, perRequest } from './policy.ts';
import { retryOptions } from './retries.ts';

/** Azure Resource Manager names no limits of its own; its answers to us are a few KB. */
export const ARM_TIMEOUT_MS = 15_000;
export const LARGEST_ARM_ANSWER = 8 * 1024 * 1024;

/** Ends a call, with its retries and the waits between them. By themselves the SDKs wait for ever. */
export function limitTime(ms: number): AdditionalPolicy {
  return {
    position: 'perCall',
    policy: {
      name: 'limit-time',
      sendRequest(request, next) {
        request.abortSignal = timeLimit(ms, request.abortSignal as AbortSignal | undefined);
        return next(request);
      },
    },
  };
}

/** Keeps the SDK from waiting within one call for as long as the service asks, which may be minutes. */
export const capRetryAfter = perRequest('cap-retry-after', async (request, next) => {
  const response = await next(request);
  const { headers } = response;
  for (const header of ['retry-after-ms', 'x-ms-retry-after-ms']) headers.delete(header);
  const asked = parseRetryAfter(headers.get('retry-after'), new Date()) ?? 0;
  const { maxRetryDelayInMs } = retryOptions;
  if (asked > maxRetryDelayInMs) headers.set('retry-after', maxRetryDelayInMs / 1000);
  return response;
});

/**
 * Gives up an answer that is too large to be read. The SDKs read all that comes. It comes last among the policies, so
 * that those before it see the text.
 */
export function limitAnswers(bytes: number): AdditionalPolicy {
  return perRequest('limit-answers', async (request, next) => {
    const { streamResponseStatusCodes: streamed = new Set<number>() } = request;
    request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
    // Also when the connection breaks: the same request is sent again, and its answer must be read too.
    const response = await next(request).finally(() => {
      request.streamResponseStatusCodes = streamed;
    });
    const { readableStreamBody: body } = response;
    if (!body || streamed.has(response.status) || streamed.has(Number.POSITIVE_INFINITY)) return response;
    delete response.readableStreamBody;
    response.bodyAsText = await readText(body, bytes);
    return response;
  });
}

/** @throws TooLargeError for more than this number of bytes */
export async function readText(stream: NodeJS.ReadableStream, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > bytes) throw new TooLargeError(bytes);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}
