import * as z from 'zod';
import type { Secrets } from '../secrets.ts';
import { type Route, type StandIn, startStandIn } from '../stand-in.ts';
import type { Tls } from '../tls.ts';
import type { RegistryAccounts } from './arm/accounts.ts';
import { ACTIONS, type AllowedActions } from './arm/actions.ts';
import { adminOperations } from './arm/admin-operations.ts';
import { type ArmBehaviour, AS_USUAL } from './arm/behaviour.ts';
import { notAuthorized } from './arm/errors.ts';
import { type ArmEventSubscription, eventSubscriptionRoutes } from './arm/event-subscriptions.ts';
import { generateCredentialsOperation } from './arm/generate-credentials.ts';
import { createLongRunningOperations } from './arm/long-running.ts';
import { authenticate, type Operation, type OperationContext, toRoute } from './arm/operation.ts';
import { type ArmRegistries, createArmRegistries, registryBody } from './arm/registries.ts';
import type { ArmRegistry } from './arm/registry.ts';
import { type ArmRoleAssignment, roleAssignmentRoute } from './arm/role-assignments.ts';
import { scopeMapOperations } from './arm/scope-map-operations.ts';
import { tokenOperations } from './arm/token-operations.ts';
import type { VerifyEntraToken } from './bearer.ts';

export interface ArmOptions {
  secrets: Secrets;
  now(): Date;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  verifyEntraToken: VerifyEntraToken;
  /** Rights of each caller at all registries. */
  allowed: AllowedActions;
}

/** A stand-in for Azure Resource Manager, for container registries and their credentials only. */
export interface ArmStandIn extends StandIn {
  /** Adds or replaces the registry. @throws Error when the id is not a registry's */
  addRegistry(registry: ArmRegistry): void;
  /** Changes a registry, as a person does in the portal. @throws Error when there is no such registry */
  changeRegistry(resourceId: string, changes: Partial<Omit<ArmRegistry, 'resourceId'>>): void;
  /**
   * Its administrator, tokens and scope maps, to read and change as in the portal.
   * @throws Error when there is no such registry
   */
  accounts(resourceId: string): RegistryAccounts;
  /** Number of changes of a registry's `roleAssignmentMode`; each one ends its logins. */
  modeSwitches(resourceId: string): number;
  /** The event subscriptions; tests may change them at any time. */
  eventSubscriptions: ArmEventSubscription[];
  /** Roles at the registries; tests may change them at any time. */
  roleAssignments: ArmRoleAssignment[];
  /** May be changed at any time. */
  behaviour: ArmBehaviour;
  /** Rights of each caller; tests may change them at any time. */
  allowed: AllowedActions;
}

export async function startArm({
  verifyEntraToken,
  allowed,
  now,
  ...server
}: ArmOptions): Promise<ArmStandIn> {
  const behaviour = { ...AS_USUAL };
  const registries = createArmRegistries({ now, secrets: server.secrets, behaviour });
  const longRunning = createLongRunningOperations(now, behaviour);
  const context = { registries, longRunning, allowed, now, verifyEntraToken };
  const operations: Operation[] = [
    {
      method: 'GET',
      action: ACTIONS.read,
      handle: ({ registry }) => ({ status: 200, body: registryBody(registry) }),
    },
    ...[...adminOperations, ...scopeMapOperations, ...tokenOperations],
    generateCredentialsOperation(behaviour),
  ];
  const eventSubscriptions: ArmEventSubscription[] = [];
  const roleAssignments: ArmRoleAssignment[] = [];
  const routes = [
    ...operations.map(operation => toRoute(operation, context)),
    ...listingRoutes(context),
    ...eventSubscriptionRoutes(eventSubscriptions, context),
    roleAssignmentRoute(roleAssignments, context),
    resultRoute(context),
    administratorRoute(registries),
  ];
  const standIn = await startStandIn({ ...server, routes });
  const { add: addRegistry, change: changeRegistry, accounts, modeSwitches } = registries;
  const state = { eventSubscriptions, roleAssignments, behaviour, allowed };
  return { ...standIn, addRegistry, changeRegistry, accounts, modeSwitches, ...state };
}

/** A caller without the right to read gets empty lists. */
function listingRoutes({ registries, allowed, verifyEntraToken }: OperationContext): Route[] {
  const list = (path: RegExp, items: (subscription: string) => object[]): Route => ({
    method: 'GET',
    path,
    async handle(request) {
      const caller = await authenticate(request, verifyEntraToken);
      if (typeof caller !== 'string') return caller;
      const value = allowed[caller]?.includes(ACTIONS.read) ? items(request.params[0] ?? '') : [];
      return { status: 200, body: { value } };
    },
  });
  return [
    list(/^\/subscriptions$/i, () =>
      registries.subscriptions().map(subscriptionId => ({ subscriptionId, state: 'Enabled' })),
    ),
    list(/^\/subscriptions\/([^/]+)\/providers\/Microsoft\.ContainerRegistry\/registries$/i, subscription =>
      registries.allIn(subscription).map(registryBody),
    ),
  ];
}

/** The path for polling operations that were answered with 202 and a `Location`; it is not under a registry. */
function resultRoute({ longRunning, allowed, verifyEntraToken }: OperationContext): Route {
  const provider = '/subscriptions/[^/]+/providers/Microsoft\\.ContainerRegistry';
  return {
    method: 'GET',
    path: new RegExp(`^${provider}/locations/[^/]+/operationResults/([^/]+)$`, 'i'),
    async handle(request) {
      const caller = await authenticate(request, verifyEntraToken);
      if (typeof caller !== 'string') return caller;
      const action = ACTIONS.readOperationResults;
      if (!allowed[caller]?.includes(action)) return notAuthorized(caller, action, request.url.pathname);
      return longRunning.result(request, request.params[0] ?? '');
    },
  };
}

/** `POST /_stand-in/administrator {name, enabled}` switches the administrator of a registry on or off. */
function administratorRoute(registries: ArmRegistries): Route {
  return {
    method: 'POST',
    path: /^\/_stand-in\/administrator$/,
    handle({ body }) {
      const parsed = Administrator.safeParse(JSON.parse(body.toString()));
      const known =
        parsed.data && registries.all().find(({ resourceId }) => isNamed(resourceId, parsed.data.name));
      if (!known) return { status: 400, body: { error: 'needs the name of a registry, and enabled' } };
      registries.change(known.resourceId, { adminUserEnabled: parsed.data.enabled });
      return { status: 204 };
    },
  };
}

const Administrator = z.strictObject({ name: z.string(), enabled: z.boolean() });

function isNamed(resourceId: string, name: string): boolean {
  return resourceId.toLowerCase().endsWith(`/${name.toLowerCase()}`);
}
