import ky, { HTTPError, type KyInstance, type Options, type RetryOptions, TimeoutError } from 'ky';
import type * as z from 'zod';
import { entraRefusal } from '../azure/refusals/entra.ts';
import { retryOptions } from '../azure/sdk/retries.ts';
import { describe, ServiceError } from '../errors.ts';
import { firstFaults } from '../lib/first-faults.ts';
import { createLimitedFetch } from '../lib/limited-fetch.ts';
import type { Pauses } from '../lib/pauses.ts';
import { redact } from '../lib/redaction/redact.ts';
import { parseRetryAfter } from '../lib/retry-after.ts';
import { shorten } from '../lib/shorten.ts';

/** How a Coder is reached. */
export interface CoderConnection {
  /** Base URL, without a trailing slash. */
  url: string;
  /** @param renew asks Key Vault even if a token is at hand */
  sessionToken(renew: boolean): Promise<string>;
  /** Value of the Authorization header for a proxy before Coder; undefined when there is none. */
  authorization(): Promise<string | undefined>;
  /** Most calls that Coder may be at, those that were given up included. */
  maxConcurrent: number;
  pauses: Pauses;
}

/** What differs between generations of Coder's API. */
export interface CoderApi {
  /** Path below the base URL. */
  prefix: string;
  tokenHeader: string;
  /** What the body of an error says; undefined when it is none of Coder's. */
  messageOf(body: unknown): string | undefined;
  /** Reasons that are told by more than the status. */
  reasonOf?(
    status: number,
    message: string,
    method: string,
    path: string,
  ): ServiceError['reason'] | undefined;
}

/** One Coder's API. Every method throws ServiceError. */
export interface CoderHttp {
  /** Of Coder, with a port if it has one of its own. */
  host: string;
  send(method: string, path: string, request: Options): Promise<Response>;
  /** Sends a request and reads the answer by its schema. */
  call<T>(schema: z.ZodType<T>, method: string, path: string, request: Options): Promise<T>;
  /** undefined when Coder has no such thing. */
  find<T>(schema: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T | undefined>;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** Only reads are tried again here: Coder has no way to tell a repeated write from a new one. */
const RETRY: RetryOptions = {
  limit: retryOptions.maxRetries,
  methods: ['get'],
  statusCodes: [429, 502, 503, 504],
  afterStatusCodes: [429, 503],
  delay: attempt => retryOptions.retryDelayInMs * 2 ** (attempt - 1),
  // A longer Retry-After is left to the retries that the record schedules.
  shouldRetry: ({ error }) =>
    error instanceof HTTPError && (retryAfterOf(error.response) ?? 0) > retryOptions.maxRetryDelayInMs
      ? false
      : undefined,
};

/** Redirects are not followed, since the session token would go along. */
export function createCoderHttp(connection: CoderConnection, api: CoderApi): CoderHttp {
  const http: KyInstance = ky.create({
    prefixUrl: `${connection.url}${api.prefix}`,
    timeout: false,
    fetch: createLimitedFetch({ most: connection.maxConcurrent, answerWithinMs: REQUEST_TIMEOUT_MS }),
    retry: RETRY,
    redirect: 'manual',
  });
  const { pauses } = connection;
  const { host } = new URL(connection.url);

  /** If Coder refuses the session token, reads it from Key Vault again once: it may have been replaced. */
  async function send(method: string, path: string, request: Options): Promise<Response> {
    const pauseMs = pauses.remaining(host);
    if (pauseMs > 0) {
      const message = `Coder asked for a pause of another ${Math.ceil(pauseMs / 1000)} s.`;
      throw new ServiceError('coder-busy', message, { retryAfterMs: pauseMs });
    }
    for (const renew of [false, true]) {
      try {
        const authorization = await connection.authorization();
        const headers = {
          [api.tokenHeader]: await connection.sessionToken(renew),
          ...request.headers,
          ...(authorization && { authorization }),
        };
        return await http(path, { ...request, method, headers });
      } catch (error) {
        if (!renew && error instanceof HTTPError && error.response.status === 401) continue;
        const failure = await toServiceError(api, method, path, error);
        const isThrottled = error instanceof HTTPError && error.response.status === 429;
        if (isThrottled || failure.retryAfterMs) pauses.asked(host, failure.retryAfterMs);
        throw failure;
      }
    }
    throw new Error('unreachable');
  }

  return {
    host,
    send,
    call: async (schema, method, path, request) => read(schema, await send(method, path, request), method),
    async find(schema, path, signal) {
      const response = await send('get', path, { signal, throwHttpErrors: status => status !== 404 });
      return response.status === 404 ? undefined : read(schema, response, 'get');
    },
  };
}

async function read<T>(schema: z.ZodType<T>, response: Response, method: string): Promise<T> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  const detail = `Coder's answer does not fit its API (is CODER_URL right?): ${firstFaults(parsed.error)}`;
  throw new ServiceError('coder-unavailable', detail, { cause: parsed.error, uncertain: method !== 'get' });
}

async function toServiceError(
  api: CoderApi,
  method: string,
  path: string,
  error: unknown,
): Promise<ServiceError> {
  if (error instanceof ServiceError) return error;
  const isWrite = method !== 'get';
  const refusal = entraRefusal(error);
  if (refusal) return new ServiceError(refusal.reason, refusal.message, { ...refusal, cause: error });
  if (!(error instanceof HTTPError)) {
    const detail =
      error instanceof TimeoutError ? `no answer in ${REQUEST_TIMEOUT_MS / 1000} s` : describe(error);
    return new ServiceError('coder-unavailable', `Coder: ${detail}`, { cause: error, uncertain: isWrite });
  }
  const { status } = error.response;
  const text = await messageOf(api, error.response);
  const message = `Coder: ${status}, ${shorten(text, 300)}`;
  const details = { cause: error, retryAfterMs: retryAfterOf(error.response) };
  const known = api.reasonOf?.(status, text, method, path);
  if (known) return new ServiceError(known, message, details);
  if (status === 401 || status === 403) return new ServiceError('coder-unauthorized', message, details);
  // 409: another caller was faster, and the next look shows what it did.
  if ([408, 409, 425, 429].includes(status)) return new ServiceError('coder-busy', message, details);
  if (status < 400) {
    const target = originOf(error);
    const advice = `Coder: ${status}, a redirect to ${target}, as of a sign-in page. Set CODER_URL to the address that answers itself.`;
    return new ServiceError('coder-unavailable', advice, details);
  }
  if (status < 500) return new ServiceError('coder-rejected', message, details);
  // 503 comes from a server or a proxy that did not take the request; after the others anything is possible.
  return new ServiceError('coder-unavailable', message, { ...details, uncertain: isWrite && status !== 503 });
}

async function messageOf(api: CoderApi, response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const message = api.messageOf(JSON.parse(text));
    if (message) return message;
  } catch {
    // Not every error of Coder, or of a proxy before it, is JSON.
  }
  return response.statusText || 'without a message';
}

/** Where a redirect leads. Its path and query may hold tokens, so they are left out. */
function originOf({ request, response }: HTTPError): string {
  const location = redact(response.headers.get('location') ?? '');
  return location && URL.canParse(location, request.url) ? new URL(location, request.url).origin : 'nowhere';
}

function retryAfterOf({ headers }: Response): number | undefined {
  return parseRetryAfter(headers.get('retry-after'), new Date());
}
