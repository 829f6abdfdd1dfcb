import type { IncomingMessage } from 'node:http';

/** A request as the handlers of a stand-in see it: whole, with its body read. */
export interface StandInRequest {
  method: string;
  /** Absolute, as the caller addressed us. */
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** The captures of the route's path expression, percent-decoded. */
  params: string[];
}

/** `body` that is neither text nor bytes is sent as JSON. */
export interface StandInResponse {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}
