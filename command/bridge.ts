import * as z from 'zod';
import type { Address } from './address.ts';
import { CommandError, EXIT, type ExitCode } from './exit.ts';

/** One call of the bridge's API. */
export interface Question {
  method?: 'GET' | 'POST';
  /** Under `/api/`. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: object;
}

export interface Answer {
  status: number;
  body: unknown;
}

/** The HTTP API of a bridge. */
export interface Bridge {
  url: string;
  /** Any answer of the bridge, refusals too. @throws CommandError `unreachable` */
  call(question: Question): Promise<Answer>;
  /**
   * The body of an answer that is no refusal.
   * @throws CommandError with the bridge's own words for a refusal
   */
  ask<T>(schema: z.ZodType<T>, question: Question): Promise<T>;
}

/** A long poll lasts 60 s at most. */
const TIMEOUT_MS = 90_000;
const Problem = z.object({
  reason: z.string(),
  detail: z.string(),
  remedy: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export function createBridge(address: Address): Bridge {
  const call = (question: Question) => send(address, question);
  return {
    url: address.url,
    call,
    async ask(schema, question) {
      const answer = await call(question);
      if (answer.status >= 400) throw refusal(answer);
      const { data, error } = schema.safeParse(answer.body);
      if (error) {
        const message = `${address.url} gives an answer that this command does not know: is it of another release? ${z.prettifyError(error)}`;
        throw new CommandError(EXIT.unreachable, message);
      }
      return data;
    },
  };
}

async function send({ url, headers }: Address, question: Question): Promise<Answer> {
  const { method = 'GET', path, query = {}, body } = question;
  const target = new URL(`${url}/api/${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) target.searchParams.set(name, value);
  }
  const response = await fetch(target, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    throw new CommandError(EXIT.unreachable, `${url} does not answer: ${causeOf(error)}`);
  });
  const content: unknown = await response.json().catch(() => undefined);
  if (content === undefined) throw noJson(url, response.status, headers);
  return { status: response.status, body: content };
}

function causeOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message ? cause.message : message;
}

/** The platform itself answers a wrong key without a body; whatever else has no JSON is no bridge. */
function noJson(url: string, status: number, headers: Address['headers']): CommandError {
  if (status !== 401) {
    const message = `${url} answers ${status} without JSON. Is this the address of a bridge?`;
    return new CommandError(EXIT.unreachable, message);
  }
  const given = 'x-functions-key' in headers || 'authorization' in headers;
  const what = given ? 'refuses this key or token' : 'needs a key';
  const message = `${url} ${what}: use --key, or --token if the bridge uses Entra sign-in.`;
  return new CommandError(EXIT.unreachable, message);
}

/** The refusal in the bridge's own words. */
export function refusal({ status, body }: Answer): CommandError {
  const { data } = Problem.safeParse(body);
  if (!data) return new CommandError(EXIT.unreachable, `The bridge answers ${status}.`);
  const faults = data.errors?.map(({ path, message }) => `${path} ${message}`) ?? [];
  const lines = [`${data.reason}: ${data.detail}`, ...faults, ...(data.remedy ? [data.remedy] : [])];
  return new CommandError(exitCodeOf(status), lines.join('\n'));
}

function exitCodeOf(status: number): ExitCode {
  if (status === 400 || status === 404) return EXIT.usage;
  if (status === 401 || status === 403 || status >= 500) return EXIT.unreachable;
  return EXIT.failed;
}
