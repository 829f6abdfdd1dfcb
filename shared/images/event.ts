import * as z from 'zod';
import { normalizeRegistryId } from '../azure/arm/resource-id.ts';
import { firstFaults } from '../lib/first-faults.ts';
import { isDigest, isRepository, isTag } from '../policy/reference.ts';

/** A change in a registry, as an event reports it. It is only a hint: the import reads the registry itself. */
export type AcrEvent =
  | { kind: 'push'; registryId: string; repository: string; tag: string; pushedOn: Date; digest?: string }
  /** Has no tag; without a digest, the whole repository may be deleted. */
  | { kind: 'delete'; registryId: string; repository: string; digest?: string }
  | { kind: 'ignored'; reason: 'not-an-acr-event' | 'untagged' | 'helm-chart'; detail: string };

/** The event types that a subscription must send to the bridge. */
export const EVENT_TYPES = [
  'Microsoft.ContainerRegistry.ImagePushed',
  'Microsoft.ContainerRegistry.ImageDeleted',
];

const ArmId = z.string().max(1_000);

/** A detail without which the event still says what happened. */
const detail = z.string().optional().catch(undefined);

/** Event Grid's own schema and CloudEvents 1.0 have different names for the same three fields. */
const Envelope = z.union([
  z
    .object({ eventType: z.string(), topic: ArmId, eventTime: detail, data: z.unknown() })
    .transform(({ eventType, topic, eventTime, data }) => ({
      type: eventType,
      source: topic,
      time: eventTime,
      data,
    })),
  z.object({ type: z.string(), source: ArmId, time: detail, data: z.unknown() }),
]);

/** Only the fields in use. Fields that the service documents as required, but sometimes leaves out, are optional. */
const Data = z.object({
  timestamp: detail,
  target: z.object({
    repository: z.string().refine(isRepository, 'is not a repository name'),
    tag: z.string().refine(isTag, 'is not a tag').nullish(),
    digest: z.string().refine(isDigest, 'is not a digest').optional().catch(undefined),
  }),
});

/**
 * Reads an event in either envelope. It ignores the subject, whose format for deletes and pushes without a tag is not
 * documented. Never throws: an event that it cannot read is `not-an-acr-event`.
 *
 * @param received when the event reached the bridge; this is the push time if the event has none
 */
export function decodeAcrEvent(event: unknown, received: Date): AcrEvent {
  const envelope = Envelope.safeParse(event);
  if (!envelope.success) return notOurs('no envelope of Event Grid or CloudEvents');
  const { type, source, time } = envelope.data;
  // Old samples have the type without its prefix.
  const action = /^(?:Microsoft\.ContainerRegistry\.)?(Image|Chart)(Pushed|Deleted)$/i.exec(type);
  if (!action) return notOurs(`event type ${type.slice(0, 100)}`);
  if (action[1]?.toLowerCase() === 'chart') return { kind: 'ignored', reason: 'helm-chart', detail: type };

  const data = Data.safeParse(envelope.data.data);
  if (!data.success) return notOurs(firstFaults(data.error));
  const { repository, tag, digest } = data.data.target;
  const registryId = normalizeRegistryId(source);
  if (action[2]?.toLowerCase() === 'deleted') {
    return { kind: 'delete', registryId, repository, ...(digest && { digest }) };
  }
  if (!tag) return { kind: 'ignored', reason: 'untagged', detail: repository };
  return {
    kind: 'push',
    registryId,
    repository,
    tag,
    pushedOn: pushTime(data.data.timestamp ?? time, received),
    ...(digest && { digest }),
  };
}

/** ACR is not older than this, and Table Storage refuses times before 1601. */
const EARLIEST_PUSH = Date.parse('2015-01-01');

function pushTime(text: string | undefined, received: Date): Date {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  // A sender whose clock is ahead must not make this push look newer than a later one.
  const credible = time > EARLIEST_PUSH && time <= received.getTime();
  return credible ? new Date(time) : received;
}

function notOurs(detail: string): AcrEvent {
  return { kind: 'ignored', reason: 'not-an-acr-event', detail };
}
