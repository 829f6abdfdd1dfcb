import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request, read whole. */
export interface HostRequest {
  method: string;
  url: URL;
  /** Names in lower case; repeated headers are joined. */
  headers: Record<string, string>;
  /** As the platform hands it on: the values of a repeated key are joined by a comma. */
  query: Record<string, string>;
  body: Buffer;
}

export interface HostResponse {
  status: number;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
}

/** @returns undefined when path and Host header make no URL */
export async function readRequest(incoming: IncomingMessage): Promise<HostRequest | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const address = `http://${incoming.headers.host ?? 'localhost'}${incoming.url ?? '/'}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return {
    method: incoming.method ?? 'GET',
    url,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
    query: Object.fromEntries(
      [...url.searchParams.keys()].map(name => [name, url.searchParams.getAll(name).join(',')]),
    ),
    body: Buffer.concat(chunks),
  };
}

export function sendResponse(outgoing: ServerResponse, { status, headers = {}, body }: HostResponse): void {
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}

export function jsonResponse(status: number, value: unknown): HostResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

/** The value that `text` stands for, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
