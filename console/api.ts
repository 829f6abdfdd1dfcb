import { getKey } from './session.ts';

/** What the API says when it refuses: RFC 9457, with a reason and a remedy. */
export interface Problem {
  status: number;
  reason: string;
  detail: string;
  remedy?: string;
  errors?: { path: string; message: string }[];
  image?: unknown;
}

/** A call that did not succeed. `unreachable`: no answer came. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  /** Absent when the platform answered, and not the bridge. */
  readonly problem: Problem | undefined;

  constructor(status: number, message: string, problem?: Problem) {
    super(message);
    this.status = status;
    this.problem = problem;
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Answer<T> {
  status: number;
  etag: string | undefined;
  data: T;
}

/** Answers that the bridge may confirm with 304, by their paths. */
const known = new Map<string, { etag: string; data: unknown }>();
const MOST_KNOWN = 50;

let onSignedOut: (error: ApiError) => void = () => {};

/** @param listen called with each 401 */
export function whenSignedOut(listen: (error: ApiError) => void): void {
  onSignedOut = listen;
}

/**
 * Calls the API of the bridge that served the page.
 * @param path below /api, without a slash before it
 * @throws ApiError
 */
export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const before = method === 'GET' ? known.get(path) : undefined;
  const response = await send(
    method,
    path,
    body,
    {
      ...(before && { 'if-none-match': before.etag }),
      ...headers,
    },
    signal,
  );
  const etag = response.headers.get('etag') ?? undefined;
  if (response.status === 304 && before) return { status: 200, etag, data: before.data as T };
  const text = await response.text();
  if (!response.ok) throw refused(response.status, text);
  const data = (text === '' ? undefined : JSON.parse(text)) as T;
  if (method === 'GET' && etag) keep(path, etag, data);
  return { status: response.status, etag, data };
}

async function send(
  method: Method,
  path: string,
  body: unknown,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const key = getKey();
  try {
    return await fetch(`/api/${path}`, {
      method,
      headers: {
        ...headers,
        ...(key !== undefined && { 'x-functions-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // Records stay out of the browser's files; `known` asks with their ETag.
      cache: 'no-store',
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The bridge does not answer.');
  }
}

function refused(status: number, text: string): ApiError {
  const problem = problemIn(text);
  const error = new ApiError(status, problem?.detail ?? `The platform answers ${status}.`, problem);
  if (status === 401) onSignedOut(error);
  return error;
}

function problemIn(text: string): Problem | undefined {
  try {
    const parsed = JSON.parse(text);
    return typeof parsed?.reason === 'string' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function keep(path: string, etag: string, data: unknown): void {
  known.delete(path);
  known.set(path, { etag, data });
  const [oldest] = known.keys();
  if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
}

/** Forgets what another person's key may not see. */
export function forget(): void {
  known.clear();
}

/** The pages of a list one after the other, each with up to 1000 items. @param path with its query, if it has one */
export async function* pages<T>(path: string, limit = 1_000, signal?: AbortSignal): AsyncGenerator<T[]> {
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ limit: String(limit), ...(token && { continuationToken: token }) });
    const at = `${path}${path.includes('?') ? '&' : '?'}${query}`;
    const { data } = await call<{ items: T[]; continuationToken?: string }>('GET', at, undefined, {}, signal);
    yield data.items;
    token = data.continuationToken;
  } while (token);
}

/** The call of an image record, whose slashes stay as they are. */
export function imagePath(registry: string, repository: string, tag?: string): string {
  return `images/${encodeURIComponent(registry)}/${repository}${tag === undefined ? '' : `:${tag}`}`;
}
