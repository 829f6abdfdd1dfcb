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
  /** What each caller may do with all registries. */
  allowed: AllowedActions;
}

/** Plays Azure Resource Manager, for container registries and their credentials only. */
export interface ArmStandIn extends StandIn {
  /** Makes the registry known, or replaces what was known of it. @throws Error when the id is not a registry's */
  addRegistry(registry: ArmRegistry): void;
  /** Changes what is known of a registry, as in the portal. @throws Error when it is not known */
  changeRegistry(resourceId: string, changes: Partial<Omit<ArmRegistry, 'resourceId'>>): void;
  /** Its administrator, tokens and scope maps, to be asked and changed as in the portal. @throws Error when it is not known */
  accounts(resourceId: string): RegistryAccounts;
  /** How often the `roleAssignmentMode` of a registry was switched: each time, its logins end. */
  modeSwitches(resourceId: string): number;
  /** Where Event Grid sends events; may be changed at any time. */
  eventSubscriptions: ArmEventSubscription[];
  /** May be changed at any time. */
  behaviour: ArmBehaviour;
  /** What each caller may do; may be changed at any time. */
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
  const routes = [
    ...operations.map(operation => toRoute(operation, context)),
    ...listingRoutes(context),
    ...eventSubscriptionRoutes(eventSubscriptions, context),
    resultRoute(context),
    administratorRoute(registries),
  ];
  const standIn = await startStandIn({ ...server, routes });
  const { add: addRegistry, change: changeRegistry, accounts, modeSwitches } = registries;
  const state = { eventSubscriptions, behaviour, allowed };
  return { ...standIn, addRegistry, changeRegistry, accounts, modeSwitches, ...state };
}

/** Who may read nothing sees empty lists. */
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

/** Where operations that were answered with 202 and a `Location` are polled: outside any registry. */
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
