import * as z from 'zod';
import type { Route } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import { bearerToken, type VerifyEntraToken } from '../bearer.ts';
import type { RegistryAccounts } from './accounts.ts';
import type { AllowedActions } from './actions.ts';
import {
  apiVersionMissing,
  badBody,
  notAuthenticated,
  notAuthorized,
  registryNotFound,
  resourceGroupNotFound,
  subscriptionNotFound,
  wrongAudience,
} from './errors.ts';
import type { LongRunningOperations } from './long-running.ts';
import { type ArmRegistries, REGISTRY_ID } from './registries.ts';
import type { ArmRegistry } from './registry.ts';

/** A request that has passed the checks that all operations share. */
export interface RegistryCall {
  request: StandInRequest;
  registry: ArmRegistry;
  accounts: RegistryAccounts;
  longRunning: LongRunningOperations;
  now: Date;
  /** What the operation's suffix captures. */
  names: string[];
}

/** One operation on a registry. */
export interface Operation {
  method: string;
  /** What follows the registry's id in the path, as a regular expression. */
  suffix?: string;
  /** The role action that it takes, as refusals name it. */
  action: string;
  handle(call: RegistryCall): StandInResponse;
}

export interface OperationContext {
  registries: ArmRegistries;
  longRunning: LongRunningOperations;
  allowed: AllowedActions;
  now(): Date;
  verifyEntraToken: VerifyEntraToken;
}

/** The operation behind the checks that all of them share, in the order in which ARM makes them. */
export function toRoute(operation: Operation, context: OperationContext): Route {
  const { registries, longRunning, allowed, now, verifyEntraToken } = context;
  return {
    method: operation.method,
    path: new RegExp(`^${REGISTRY_ID}${operation.suffix ?? ''}$`, 'i'),
    async handle(request) {
      const caller = await authenticate(request, verifyEntraToken);
      if (typeof caller !== 'string') return caller;
      const [id = '', subscription = '', group = '', name = '', ...names] = request.params;
      if (!registries.hasAnyIn(subscription)) return subscriptionNotFound(subscription);
      if (!allowed[caller]?.includes(operation.action)) return notAuthorized(caller, operation.action, id);
      if (!registries.hasAnyIn(subscription, group)) return resourceGroupNotFound(group);
      const registry = registries.find(id);
      if (!registry) return registryNotFound(name, group);
      const accounts = registries.accounts(id);
      return operation.handle({ request, registry, accounts, longRunning, now: now(), names });
    },
  };
}

const AUDIENCES = ['https://management.azure.com', 'https://management.azure.com/'];

/** The caller's object id, or the refusal. */
export async function authenticate(
  request: StandInRequest,
  verify: VerifyEntraToken,
): Promise<string | StandInResponse> {
  const token = bearerToken(request);
  if (!token) return notAuthenticated('AuthenticationFailed', 'The Authorization header is missing.');
  const claims = await verify(token);
  if (!claims) return notAuthenticated('InvalidAuthenticationToken', 'The access token is invalid.');
  const audience = String(claims.aud);
  if (!AUDIENCES.includes(audience)) return wrongAudience(audience, AUDIENCES);
  return request.url.searchParams.has('api-version') ? String(claims.oid) : apiVersionMissing();
}

/** The body, read as `schema` says, or the refusal. */
export function readBody<T>(
  { body }: StandInRequest,
  schema: z.ZodType<T>,
): { body: T } | { refusal: StandInResponse } {
  try {
    const parsed = schema.safeParse(JSON.parse(body.toString()));
    return parsed.success ? { body: parsed.data } : { refusal: badBody(z.prettifyError(parsed.error)) };
  } catch {
    return { refusal: badBody('The request content was invalid and could not be deserialized.') };
  }
}
