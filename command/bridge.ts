import * as z from 'zod';
import type { Address } from './address.ts';
import { CommandError, EXIT, type ExitCode } from './exit.ts';
import { inOwnWords } from './own-words.ts';

/** One call of the bridge's API. */
interface Question {
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
      return parseAnswer(schema, answer);
    },
  };
}

/** @throws CommandError for an answer of another form, such as one of another release */
export function parseAnswer<T>(schema: z.ZodType<T>, { body }: Answer): T {
  const { data, error } = schema.safeParse(body);
  if (!error) return data;
  const faults = z.prettifyError(error);
  const message = `The bridge gives an answer that this command does not know. Are both of the same release? ${faults}`;
  throw new CommandError(EXIT.unreachable, message);
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
  const { status } = response;
  // The platform itself answers a missing or wrong key, without a body.
  if (content !== undefined || status === 401) return { status, body: content ?? keyProblem(url, headers) };
  const message = `${url} answers ${status} without JSON. Is this the address of a bridge?`;
  throw new CommandError(EXIT.unreachable, message);
}

function causeOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message ? cause.message : message;
}

function keyProblem(url: string, headers: Address['headers']): z.infer<typeof Problem> {
  const given = 'x-functions-key' in headers || 'authorization' in headers;
  const what = given ? 'refuses this key or token' : 'needs a key';
  const detail = `${url} ${what}: use --key, or --token if the bridge uses Entra sign-in.`;
  return { reason: 'unauthenticated', detail };
}

/** The refusal in the bridge's own words. */
export function refusal({ status, body }: Answer): CommandError {
  const { data } = Problem.safeParse(body);
  if (!data) return new CommandError(EXIT.unreachable, `The bridge answers ${status}.`);
  const faults = data.errors?.map(({ path, message }) => `${path} ${message}`) ?? [];
  // The faults stand right below, so a person needs no word of where programs find them.
  const detail = data.detail.replace('; `errors` lists every fault.', faults.length > 0 ? ':' : '.');
  const lines = [`${data.reason}: ${detail}`, ...faults, ...(data.remedy ? [data.remedy] : [])];
  return new CommandError(exitCodeOf(status), inOwnWords(lines.join('\n')));
}

function exitCodeOf(status: number): ExitCode {
  if (status === 400 || status === 404) return EXIT.usage;
  if (status === 401 || status === 403 || status >= 500) return EXIT.unreachable;
  return EXIT.failed;
}
