import type { StandInResponse } from '../../stand-in-messages.ts';
import type { RegistryAccounts } from './accounts.ts';
import {
  CHILD_NAME,
  type ChildResource,
  childBody,
  mostChildren,
  provisioningState,
} from './child-resource.ts';
import { childNotFound, conflict, invalid } from './errors.ts';
import type { Operation, RegistryCall } from './operation.ts';

/** The differences between tokens and scope maps. */
export interface ChildKind<T extends ChildResource> {
  kind: 'tokens' | 'scopeMaps';
  /** How refusals name several. */
  plural: string;
  /** The role actions that the operations take. */
  actions: { read: string; write: string; delete: string; readOperations: string };
  of(accounts: RegistryAccounts): { all(): T[]; find(name: string): T | undefined };
  /** Whether it counts towards the limit of a registry. */
  counts(child: T): boolean;
  /** Its resource as ARM shows it. */
  properties(child: T): object;
  /** Carries out a PUT or PATCH; returns the changed resource, or the refusal. */
  change(call: RegistryCall, name: string): { changed: T } | { refusal: StandInResponse };
  remove(call: RegistryCall, name: string): StandInResponse;
}

/** The operations that tokens and scope maps share. */
export function childOperations<T extends ChildResource>(child: ChildKind<T>): Operation[] {
  const { kind, plural, actions, of, properties } = child;

  function view(found: T, now: Date): object {
    return childBody(found, provisioningState(found, now), properties(found));
  }

  function list({ accounts, now }: RegistryCall): StandInResponse {
    const all = of(accounts).all();
    return { status: 200, body: { value: all.map(found => view(found, now)) } };
  }

  function get({ accounts, now, names: [name = ''] }: RegistryCall): StandInResponse {
    const found = of(accounts).find(name);
    return found ? { status: 200, body: view(found, now) } : childNotFound(kind, name);
  }

  function put(call: RegistryCall): StandInResponse {
    const { registry, accounts, names } = call;
    const [name = ''] = names;
    if (of(accounts).find(name)) return change(call, 200);
    if (!CHILD_NAME.test(name)) return invalid(`The name '${name}' does not match ${CHILD_NAME.source}.`);
    const { length } = of(accounts).all().filter(child.counts);
    if (length >= mostChildren(registry)) {
      return conflict('QuotaExceeded', `The registry has ${length} ${plural}, the most that it can have.`);
    }
    return change(call, 201);
  }

  function patch(call: RegistryCall): StandInResponse {
    const [name = ''] = call.names;
    return of(call.accounts).find(name) ? change(call, 200) : childNotFound(kind, name);
  }

  function change(call: RegistryCall, status: number): StandInResponse {
    const outcome = child.change(call, call.names[0] ?? '');
    if ('refusal' in outcome) return outcome.refusal;
    const { changed } = outcome;
    const headers = call.longRunning.onResource(call.request, changed.id, changed.doing);
    return { status, headers, body: childBody(changed, changed.doing, properties(changed)) };
  }

  const one = `/${kind}/([^/]+)`;
  return [
    { method: 'GET', suffix: `/${kind}`, action: actions.read, handle: list },
    { method: 'GET', suffix: one, action: actions.read, handle: get },
    { method: 'PUT', suffix: one, action: actions.write, handle: put },
    { method: 'PATCH', suffix: one, action: actions.write, handle: patch },
    {
      method: 'DELETE',
      suffix: one,
      action: actions.delete,
      handle: call => child.remove(call, call.names[0] ?? ''),
    },
    {
      method: 'GET',
      suffix: `${one}/operationStatuses/([^/]+)`,
      action: actions.readOperations,
      handle: ({ longRunning, request, names: [, id = ''] }) => longRunning.status(request, id),
    },
  ];
}
