import { randomUUID } from 'node:crypto';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { ArmBehaviour } from './behaviour.ts';
import { operationNotFound } from './errors.ts';
import { DEFAULT_LOCATION } from './registries.ts';
import type { ArmRegistry } from './registry.ts';

/** Something that ARM says is under way until it is done. */
interface UnderWay {
  /** What its status is until then. */
  doing: string;
  doneAt: Date;
  /** What `operationResults` gives in the end. */
  result: unknown;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
export interface LongRunningOperations {
  /** Begins one on a token or scope map. @returns the headers by which it is polled */
  onResource(request: StandInRequest, resourceId: string, doing: string): Record<string, string>;
  /** Begins one that is polled at the resource provider, which in the end gives its result. */
  ofProvider(request: StandInRequest, registry: ArmRegistry, result?: unknown): StandInResponse;
  status(request: StandInRequest, id: string): StandInResponse;
  result(request: StandInRequest, id: string): StandInResponse;
}

export function createLongRunningOperations(
  now: () => Date,
  behaviour: Readonly<ArmBehaviour>,
): LongRunningOperations {
  const operations = new Map<string, UnderWay>();
  const retryAfter = () => ({ 'retry-after': String(behaviour.retryAfterSeconds) });
  function begin(prefix: string, doing: string, result?: unknown): string {
    const id = `${prefix}-${randomUUID()}`;
    operations.set(id, { doing, doneAt: new Date(now().getTime() + behaviour.operationMs), result });
    return id;
  }
  /** With the time in it, as ARM has it, so that each address is another. */
  function address({ url }: StandInRequest, path: string): string {
    const version = url.searchParams.get('api-version');
    return `${url.origin}${path}?api-version=${version}&t=${now().getTime()}`;
  }
  return {
    onResource(request, resourceId, doing) {
      const kind = resourceId.split('/').at(-2)?.replace(/s$/, '') ?? '';
      const path = `${resourceId}/operationStatuses/${begin(kind, doing)}`;
      return { 'azure-asyncoperation': address(request, path), ...retryAfter() };
    },
    ofProvider(request, { resourceId, location = DEFAULT_LOCATION }, result) {
      const [, , subscription] = resourceId.split('/');
      const provider = `/subscriptions/${subscription}/providers/Microsoft.ContainerRegistry`;
      const id = begin('registries', 'Updating', result);
      const path = `${provider}/locations/${location}/operationResults/${id}`;
      return { status: 202, headers: { location: address(request, path), ...retryAfter() } };
    },
    status(request, id) {
      const operation = operations.get(id);
      if (!operation) return operationNotFound(id);
      if (operation.doneAt <= now()) return { status: 200, body: { status: 'Succeeded' } };
      const headers = { 'azure-asyncoperation': address(request, request.url.pathname), ...retryAfter() };
      return { status: 200, headers, body: { status: operation.doing } };
    },
    result(request, id) {
      const operation = operations.get(id);
      if (!operation) return operationNotFound(id);
      if (operation.doneAt <= now()) return { status: 200, body: operation.result };
      return { status: 202, headers: { location: address(request, request.url.pathname), ...retryAfter() } };
    },
  };
}
