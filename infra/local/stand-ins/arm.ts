import type { Secrets } from '../secrets.ts';
import {
  type Route,
  type StandIn,
  type StandInRequest,
  type StandInResponse,
  startStandIn,
} from '../stand-in.ts';
import type { Tls } from '../tls.ts';
import {
  apiVersionMissing,
  notAuthenticated,
  notAuthorized,
  registryNotFound,
  resourceGroupNotFound,
  subscriptionNotFound,
  wrongAudience,
} from './arm/errors.ts';
import {
  type ArmRegistries,
  type ArmRegistry,
  createArmRegistries,
  REGISTRY_ID,
  registryBody,
} from './arm/registries.ts';
import { bearerToken, type VerifyEntraToken } from './bearer.ts';

export interface ArmOptions {
  secrets: Secrets;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  verifyEntraToken: VerifyEntraToken;
  /** Object ids of the identities that may read registries. */
  readers: string[];
}

/** Plays Azure Resource Manager, for container registries only. */
export interface ArmStandIn extends StandIn {
  /** Makes the registry known, or replaces what was known of it. @throws Error when the id is not a registry's */
  addRegistry(registry: ArmRegistry): void;
}

export async function startArm({ verifyEntraToken, readers, ...server }: ArmOptions): Promise<ArmStandIn> {
  const registries = createArmRegistries();
  const operations: Operation[] = [
    {
      method: 'GET',
      action: 'Microsoft.ContainerRegistry/registries/read',
      allowed: readers,
      handle: registry => ({ status: 200, body: registryBody(registry) }),
    },
  ];
  const routes = operations.map(operation => toRoute(operation, registries, verifyEntraToken));
  const standIn = await startStandIn({ ...server, routes });
  return { ...standIn, addRegistry: registries.add };
}

/** One operation on a registry. */
interface Operation {
  method: string;
  /** What follows the registry's id in the path, as a regular expression. */
  suffix?: string;
  /** The role action that it takes, as refusals name it. */
  action: string;
  /** Object ids of the identities that have the action. */
  allowed: string[];
  handle(registry: ArmRegistry, request: StandInRequest): StandInResponse;
}

/** The operation behind the checks that all of them share, in the order in which ARM makes them. */
function toRoute(operation: Operation, registries: ArmRegistries, verify: VerifyEntraToken): Route {
  return {
    method: operation.method,
    path: new RegExp(`^${REGISTRY_ID}${operation.suffix ?? ''}$`, 'i'),
    async handle(request) {
      const caller = await authenticate(request, verify);
      if (typeof caller !== 'string') return caller;
      const [id = '', subscription = '', group = '', name = ''] = request.params;
      if (!request.url.searchParams.has('api-version')) return apiVersionMissing();
      if (!registries.hasAnyIn(subscription)) return subscriptionNotFound(subscription);
      if (!operation.allowed.includes(caller)) return notAuthorized(caller, operation.action, id);
      if (!registries.hasAnyIn(subscription, group)) return resourceGroupNotFound(group);
      const registry = registries.find(id);
      return registry ? operation.handle(registry, request) : registryNotFound(name, group);
    },
  };
}

const AUDIENCES = ['https://management.azure.com', 'https://management.azure.com/'];

/** The caller's object id, or the refusal. */
async function authenticate(
  request: StandInRequest,
  verify: VerifyEntraToken,
): Promise<string | StandInResponse> {
  const token = bearerToken(request);
  if (!token) return notAuthenticated('AuthenticationFailed', 'The Authorization header is missing.');
  const claims = await verify(token);
  if (!claims) return notAuthenticated('InvalidAuthenticationToken', 'The access token is invalid.');
  const audience = String(claims.aud);
  return AUDIENCES.includes(audience) ? String(claims.oid) : wrongAudience(audience, AUDIENCES);
}
