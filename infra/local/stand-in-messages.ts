import type { IncomingMessage } from 'node:http';

/** A request to a stand-in, with its whole body. */
export interface StandInRequest {
  method: string;
  /** The absolute URL that the caller used. */
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** The captures of the route's path expression, percent-decoded. */
  params: string[];
}

/** `body` that is neither text nor bytes is sent as JSON. */
export interface StandInResponse {
  status: number;
  /** The reason phrase of the status line, where it is not the usual one. */
  reason?: string;
  headers?: Record<string, string>;
  body?: unknown;
}
