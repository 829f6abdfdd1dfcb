import ky, { HTTPError, type KyInstance, type Options, type RetryOptions, TimeoutError } from 'ky';
import * as z from 'zod';
import { describe, ServiceError } from '../../errors.ts';
import { createLimitedFetch } from '../../lib/limited-fetch.ts';
import type { Pauses } from '../../lib/pauses.ts';
import { parseRetryAfter } from '../../lib/retry-after.ts';
import {
  CoderError,
  CoderImage,
  CoderRegistry,
  CoderTag,
  type ImageChange,
  type NewImage,
} from './schema.ts';

/** The calls of Coder Classic's API that the bridge makes. All throw ServiceError. */
export interface ClassicClient {
  /** Host of Coder, with its port if the URL has one. */
  host: string;
  getRegistry(id: string, signal: AbortSignal): Promise<CoderRegistry | undefined>;
  listRegistries(organizationId: string, signal: AbortSignal): Promise<CoderRegistry[]>;
  updateRegistry(
    id: string,
    change: { registry?: string; username?: string; password?: string },
    signal: AbortSignal,
  ): Promise<boolean>;
  getImage(id: string, signal: AbortSignal): Promise<CoderImage | undefined>;
  listImages(organizationId: string, signal: AbortSignal): Promise<CoderImage[]>;
  createImage(image: NewImage, signal: AbortSignal): Promise<CoderImage>;
  updateImage(id: string, change: ImageChange, signal: AbortSignal): Promise<void>;
  listTags(imageId: string, signal: AbortSignal): Promise<CoderTag[]>;
  /** @throws ServiceError `tag-in-use` when Coder refuses because workspaces use it */
  deleteTag(imageId: string, tag: string, signal: AbortSignal): Promise<void>;
  getTag(imageId: string, tag: string, signal: AbortSignal): Promise<CoderTag | undefined>;
  addTag(imageId: string, tag: string, isDefault: boolean, signal: AbortSignal): Promise<CoderTag>;
  /** Makes Coder read the digests of all tags of the image again. Coder does so some time after it answers. */
  refreshTags(imageId: string, signal: AbortSignal): Promise<void>;
}

export interface ClassicClientOptions {
  url: string;
  /** @param renew reads Key Vault even if a token is cached */
  sessionToken(renew: boolean): Promise<string>;
  /** Value of the Authorization header for a proxy in front of Coder; undefined when there is no proxy. */
  authorization(): Promise<string | undefined>;
  /** Most calls that Coder may work on at once, including aborted ones. */
  maxConcurrent: number;
  pauses: Pauses;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** For a longer Retry-After, the call fails and the sweep retries the import. */
const LONGEST_WAIT_MS = 2_000;

/** Retries only reads: Coder cannot tell a repeated write from a new one. */
const RETRY: RetryOptions = {
  limit: 2,
  methods: ['get'],
  statusCodes: [429, 502, 503, 504],
  afterStatusCodes: [429, 503],
  delay: attempt => 200 * 2 ** attempt,
  shouldRetry: ({ error }) =>
    error instanceof HTTPError && (retryAfterOf(error.response) ?? 0) > LONGEST_WAIT_MS ? false : undefined,
};

/** A client for `url`, Coder's base URL. It follows no redirect, which would receive the session token. */
export function createClassicClient(options: ClassicClientOptions): ClassicClient {
  const http: KyInstance = ky.create({
    prefixUrl: `${options.url}/api/v0`,
    timeout: false,
    fetch: createLimitedFetch({ most: options.maxConcurrent, answerWithinMs: REQUEST_TIMEOUT_MS }),
    retry: RETRY,
    redirect: 'manual',
  });
  const { pauses } = options;
  const { host } = new URL(options.url);

  /**
   * Sends a request. If Coder refuses the session token, reads it from Key Vault again once: it may have been replaced.
   */
  async function send(method: string, path: string, request: Options): Promise<Response> {
    const pauseMs = pauses.remaining(host);
    if (pauseMs > 0) {
      const message = `Coder asked for a pause of another ${Math.ceil(pauseMs / 1000)} s.`;
      throw new ServiceError('coder-busy', message, { retryAfterMs: pauseMs });
    }
    for (const renew of [false, true]) {
      try {
        const authorization = await options.authorization();
        const headers = {
          'session-token': await options.sessionToken(renew),
          ...(authorization && { authorization }),
        };
        return await http(path, { ...request, method, headers });
      } catch (error) {
        if (!renew && error instanceof HTTPError && error.response.status === 401) continue;
        const failure = await toServiceError(method, error, request);
        const isThrottled = error instanceof HTTPError && error.response.status === 429;
        if (isThrottled || failure.retryAfterMs) pauses.asked(host, failure.retryAfterMs);
        throw failure;
      }
    }
    throw new Error('unreachable');
  }

  async function read<T>(schema: z.ZodType<T>, response: Response, method = 'get'): Promise<T> {
    const parsed = schema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return parsed.data;
    const detail = `Coder's answer does not fit its API (is CODER_URL right?): ${z.prettifyError(parsed.error)}`;
    throw new ServiceError('coder-unavailable', detail, { uncertain: method !== 'get' });
  }

  /** undefined when Coder answers 404. */
  async function find<T>(schema: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T | undefined> {
    const response = await send('get', path, { signal, throwHttpErrors: status => status !== 404 });
    return response.status === 404 ? undefined : read(schema, response);
  }

  return {
    host,
    getRegistry: (id, signal) => find(CoderRegistry, `registries/${encodeURIComponent(id)}`, signal),
    getImage: (id, signal) => find(CoderImage, `images/${encodeURIComponent(id)}`, signal),
    getTag: (imageId, tag, signal) =>
      find(CoderTag, `images/${encodeURIComponent(imageId)}/tags/${encodeURIComponent(tag)}`, signal),

    async listRegistries(org, signal) {
      return read(z.array(CoderRegistry), await send('get', 'registries', { searchParams: { org }, signal }));
    },
    async listImages(org, signal) {
      // Without `workspaces=false` the answer carries every workspace of every image.
      const searchParams = { org, workspaces: 'false' };
      return read(z.array(CoderImage), await send('get', 'images', { searchParams, signal }));
    },
    async createImage(image, signal) {
      return read(CoderImage, await send('post', 'images', { json: image, signal }), 'post');
    },
    async addTag(imageId, tag, isDefault, signal) {
      const path = `images/${encodeURIComponent(imageId)}/tags`;
      return read(CoderTag, await send('post', path, { json: { tag, default: isDefault }, signal }), 'post');
    },
    async listTags(imageId, signal) {
      const path = `images/${encodeURIComponent(imageId)}/tags`;
      return read(z.array(CoderTag), await send('get', path, { signal }));
    },
    async deleteTag(imageId, tag, signal) {
      const path = `images/${encodeURIComponent(imageId)}/tags/${encodeURIComponent(tag)}`;
      try {
        await send('delete', path, { signal, throwHttpErrors: status => status !== 404 });
      } catch (error) {
        // The bridge never deletes a default tag here, so workspaces are the only reason to refuse.
        if (
          !(error instanceof ServiceError) ||
          !(error.cause instanceof HTTPError) ||
          error.reason === 'coder-unauthorized'
        )
          throw error;
        if (error.cause.response.status >= 500 || error.cause.response.status === 429) throw error;
        throw new ServiceError('tag-in-use', error.message, { cause: error });
      }
    },
    async updateImage(id, change, signal) {
      await send('patch', `images/${encodeURIComponent(id)}`, { json: change, signal });
    },
    async updateRegistry(id, change, signal) {
      const throwHttpErrors = (status: number) => status !== 404;
      const path = `registries/${encodeURIComponent(id)}`;
      return (await send('patch', path, { json: change, signal, throwHttpErrors })).ok;
    },
    async refreshTags(imageId, signal) {
      await send('post', `images/${encodeURIComponent(imageId)}/tags/update`, { signal });
    },
  };
}

async function toServiceError(method: string, error: unknown, request: Options): Promise<ServiceError> {
  if (error instanceof ServiceError) return error;
  if (!(error instanceof HTTPError)) {
    const detail =
      error instanceof TimeoutError ? `no answer in ${REQUEST_TIMEOUT_MS / 1000} s` : describe(error);
    return new ServiceError('coder-unavailable', `Coder: ${detail}`, {
      cause: error,
      uncertain: method !== 'get',
    });
  }
  const { status } = error.response;
  const text = withoutSecrets(await messageOf(error.response), request).slice(0, 300);
  const message = `Coder: ${status}, ${text}`;
  const details = { cause: error, retryAfterMs: retryAfterOf(error.response) };
  if (status === 401 || status === 403) return new ServiceError('coder-unauthorized', message, details);
  // 409: another client was faster; the next attempt reads what it changed.
  if ([408, 409, 425, 429].includes(status)) return new ServiceError('coder-busy', message, details);
  if (status < 400) {
    const target = error.response.headers.get('location') ?? 'nowhere';
    const advice = `Coder: ${status}, a redirect to ${target}, probably a sign-in page. Set CODER_URL to the address of Coder itself.`;
    return new ServiceError('coder-unavailable', advice, details);
  }
  if (status < 500) return new ServiceError('coder-rejected', message, details);
  // After a 503 the server or proxy did not take the request; after other statuses it may have.
  return new ServiceError('coder-unavailable', message, {
    ...details,
    uncertain: method !== 'get' && status !== 503,
  });
}

async function messageOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const parsed = CoderError.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.error.msg;
  } catch {
    // Not every error of Coder, or of a proxy before it, is JSON.
  }
  return response.statusText || 'no message';
}

/** Coder's error may quote the request, with its secrets. */
function withoutSecrets(text: string, { json }: Options): string {
  const body = (json ?? {}) as { password?: string; new_registry?: { password?: string } };
  const password = body.password ?? body.new_registry?.password;
  if (!password) return text;
  const escaped = JSON.stringify(password).slice(1, -1);
  return text.replaceAll(password, '***').replaceAll(escaped, '***');
}

function retryAfterOf({ headers }: Response): number | undefined {
  return parseRetryAfter(headers.get('retry-after'), new Date());
}
