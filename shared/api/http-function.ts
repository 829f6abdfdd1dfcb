import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as z from 'zod';
import { describe } from '../errors.ts';
import { createLog, type Log } from '../lib/log.ts';
import { redactAll } from '../lib/redaction/redact.ts';
import { timeLimit } from '../lib/time-limit.ts';
import { getServices, type Services } from '../services.ts';
import { type Caller, callerOf, isEasyAuthOn } from './caller.ts';
import { parseInput, readJson, readQuery, refuseBody } from './input.ts';
import { type Problem, problemOf, problemResponse } from './problem.ts';
import type { Role } from './roles.ts';

/** The schema of a call's path or query, which is an object. */
type FieldsSchema = z.ZodType<unknown, Record<string, unknown>>;

/** One call of the API: its input, its answers and its code. The OpenAPI document is generated from these. */
export interface HttpFunction<P extends FieldsSchema, Q extends FieldsSchema, B extends z.ZodType> {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Route template of the platform, under `/api`. */
  route: string;
  /** App role that the caller needs, or a function key; absent when every caller may call it. */
  role?: Role;
  /** App role that some bodies need in addition. */
  furtherRole?: { role: Role; when: string; applies(body: z.output<B>): boolean };
  summary: string;
  description?: string;
  path?: P;
  query?: Q;
  body?: B;
  /** Request headers that it reads, with their descriptions. */
  headers?: Record<string, string>;
  /** Successful answers by status. */
  answers: Record<number, AnswerSpec>;
  /** Reasons why it fails, in addition to those of every call. */
  refusals?: readonly Problem['reason'][];
  /** Answers 422 with the reason of the image record when the image did not reach Coder. */
  answersNotImported?: boolean;
  /** Uses no services, so it works even with wrong settings. */
  standalone?: boolean;
  /** Answers with a secret, which no cache may store. */
  noStore?: boolean;
  /** Example bodies by their purpose. The samples of `npm start` use the first, with their own password. */
  examples?: Record<string, z.input<B>>;
  answer(call: Call<z.output<P>, z.output<Q>, z.output<B>>, services: Services): Promise<HttpResponseInit>;
}

export interface AnswerSpec {
  description: string;
  headers?: Record<string, string>;
  /** The body as JSON. */
  body?: z.ZodType;
  /** An example of the body. */
  example?: unknown;
  /** Bodies of other content types. */
  content?: Record<string, { schema: z.ZodType; example: unknown }>;
}

/** A call with valid input. */
export interface Call<P, Q, B> {
  path: P;
  query: Q;
  body: B;
  request: HttpRequest;
  caller: Caller | undefined;
  log: Log;
  /** Aborts when the time for the answer ends. */
  signal: AbortSignal;
}

export type AnyHttpFunction = HttpFunction<FieldsSchema, FieldsSchema, z.ZodType>;

/** Every call of the API, by the name of its function. */
export const HTTP_FUNCTIONS = new Map<string, AnyHttpFunction>();

const NOTHING = z.strictObject({});
/** Longest time for one request, in ms; the platform cuts off requests after 230 s. */
const BUDGET_MS = 60_000;

/**
 * Registers a call with the platform. Any error becomes a problem. Where the platform signs callers in, the app checks
 * their role and needs no function key; elsewhere the platform checks the key.
 */
export function httpFunction<
  P extends FieldsSchema = typeof NOTHING,
  Q extends FieldsSchema = typeof NOTHING,
  B extends z.ZodType = typeof NOTHING,
>(name: string, spec: HttpFunction<P, Q, B>): void {
  HTTP_FUNCTIONS.set(name, spec as unknown as AnyHttpFunction);
  const easyAuth = isEasyAuthOn(process.env);
  app.http(name, {
    methods: [spec.method],
    route: spec.route,
    authLevel: spec.role && !easyAuth ? 'function' : 'anonymous',
    async handler(request, context) {
      const answer = await answerOrProblem(spec, request, context, easyAuth);
      if (!spec.noStore) return answer;
      return { ...answer, headers: { ...answer.headers, 'cache-control': 'no-store' } };
    },
  });
}

async function answerOrProblem<P extends FieldsSchema, Q extends FieldsSchema, B extends z.ZodType>(
  spec: HttpFunction<P, Q, B>,
  request: HttpRequest,
  context: InvocationContext,
  easyAuth: boolean,
): Promise<HttpResponseInit> {
  try {
    const caller = spec.role && whoCalls(request, spec.role, easyAuth);
    const call = { ...(await readCall(spec, request)), request, caller, log: createLog(context) };
    if (spec.furtherRole?.applies(call.body)) whoCalls(request, spec.furtherRole.role, easyAuth);
    const services = spec.standalone ? ({} as Services) : getServices();
    const answer = await spec.answer({ ...call, signal: timeLimit(BUDGET_MS) }, services);
    return spec.noStore ? answer : redactAll(answer);
  } catch (error) {
    logFailure(error, context);
    return problemResponse(error);
  }
}

function whoCalls({ headers }: HttpRequest, role: Role, easyAuth: boolean): Caller {
  // Any caller can forge this header where the platform does not set it.
  return easyAuth ? callerOf(headers.get('x-ms-client-principal'), role) : { kind: 'function-key' };
}

async function readCall<P extends FieldsSchema, Q extends FieldsSchema, B extends z.ZodType>(
  { path, query, body }: HttpFunction<P, Q, B>,
  request: HttpRequest,
) {
  if (!body) await refuseBody(request, query);
  return {
    path: parseInput(path ?? NOTHING, request.params) as z.output<P>,
    query: readQuery(request, query ?? NOTHING) as z.output<Q>,
    body: (body ? await readJson(request, body) : {}) as z.output<B>,
  };
}

function logFailure(error: unknown, context: InvocationContext): void {
  const { status, reason } = problemOf(error);
  if (status < 500) return;
  createLog(context).error('request failed', { reason, message: describe(error) });
}
