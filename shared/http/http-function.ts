import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as z from 'zod';
import { describe } from '../errors.ts';
import { createLog, type Log } from '../lib/log.ts';
import { getServices, type Services } from '../services.ts';
import { type Caller, callerOf, isEasyAuthOn } from './caller.ts';
import { parseInput, readJson, readQuery } from './input.ts';
import { type Problem, problemOf, problemResponse } from './problem.ts';
import type { Role } from './roles.ts';

/** The schema of an object, which the path or the query of a call is. */
type FieldsSchema = z.ZodType<unknown, Record<string, unknown>>;

/** One call of the API: what it takes, what it gives, and what it does. The OpenAPI document is made from these. */
export interface HttpFunction<P extends FieldsSchema, Q extends FieldsSchema, B extends z.ZodType> {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Route template of the platform, under `/api`. */
  route: string;
  /** App role that it takes, or a function key; absent: anybody may call. */
  role?: Role;
  summary: string;
  description?: string;
  path?: P;
  query?: Q;
  body?: B;
  /** Request headers that it heeds, with what they are for. */
  headers?: Record<string, string>;
  /** Answers of success by status. */
  answers: Record<number, AnswerSpec>;
  /** Reasons why it fails, beside those that every call has. */
  refusals?: readonly Problem['reason'][];
  /** Answers 422 with the reason of an image's record when the image did not get to Coder. */
  answersNotImported?: boolean;
  /** Uses no services, and so works before any setting is right. */
  standalone?: boolean;
  /** Answers with a secret, which nobody on the way may keep. */
  noStore?: boolean;
  /** Bodies as somebody might send them, by what they are for. The samples of `npm start` take the first, with their own password. */
  examples?: Record<string, z.input<B>>;
  answer(call: Call<z.output<P>, z.output<Q>, z.output<B>>, services: Services): Promise<HttpResponseInit>;
}

export interface AnswerSpec {
  description: string;
  headers?: Record<string, string>;
  /** The body as JSON. */
  body?: z.ZodType;
  /** Such a body as somebody might get it. */
  example?: unknown;
  /** Bodies of other content types. */
  content?: Record<string, { schema: z.ZodType; example: unknown }>;
}

/** A call with its input checked. */
export interface Call<P, Q, B> {
  path: P;
  query: Q;
  body: B;
  request: HttpRequest;
  caller: Caller | undefined;
  log: Log;
  /** Aborts when the time for the answer is up. */
  signal: AbortSignal;
}

export type AnyHttpFunction = HttpFunction<FieldsSchema, FieldsSchema, z.ZodType>;

/** Every call of the API, by the name of its function. */
export const HTTP_FUNCTIONS = new Map<string, AnyHttpFunction>();

const NOTHING = z.strictObject({});
/** Longest time for one request, in ms; callers of the platform are cut off after 230 s. */
const BUDGET_MS = 60_000;

/**
 * Registers a call with the platform. Whatever it throws becomes a problem. Where the platform signs callers in, the
 * app checks their role and no function key is asked for; elsewhere the platform checks the key.
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
    const services = spec.standalone ? ({} as Services) : getServices();
    return await spec.answer({ ...call, signal: AbortSignal.timeout(BUDGET_MS) }, services);
  } catch (error) {
    logFailure(error, context);
    return problemResponse(error);
  }
}

function whoCalls({ headers }: HttpRequest, role: Role, easyAuth: boolean): Caller {
  // Anybody can send this header where the platform does not set it itself.
  return easyAuth ? callerOf(headers.get('x-ms-client-principal'), role) : { kind: 'function-key' };
}

async function readCall<P extends FieldsSchema, Q extends FieldsSchema, B extends z.ZodType>(
  { path, query, body }: HttpFunction<P, Q, B>,
  request: HttpRequest,
) {
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
