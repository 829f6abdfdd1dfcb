import type { AwaitedPush, HeardBy, ImageRecord } from '../records/image.ts';

/** The caller's knowledge of the push. */
export interface ToldPush {
  /** When the image was pushed, if the caller knows. */
  pushedOn?: Date;
  /** How the caller knows. */
  heardBy?: HeardBy;
  /** What an event says was pushed: a hint at when the registry shows it, and at nothing else. */
  pushed?: { digest?: string };
}

interface KnownPush {
  /** Now, when no push is known. */
  pushedOn: Date;
  isPushKnown: boolean;
  heardBy: HeardBy;
  awaited?: AwaitedPush;
}

/** The latest push of a tag that the bridge knows of: the one of the event or request, or that of the record. */
export function pushOf(told: ToldPush, known: ImageRecord | undefined, now: Date): KnownPush {
  const { pushedOn, heardBy = 'event' } = told;
  const awaited = awaitedPush(told, known);
  const isNewer = pushedOn && !(known?.pushedOn && pushedOn <= known.pushedOn);
  const latest = known && !isNewer ? known : { pushedOn, heardBy };
  return {
    pushedOn: latest.pushedOn ?? now,
    isPushKnown: latest.pushedOn !== undefined,
    heardBy: latest.heardBy,
    ...(awaited && { awaited }),
  };
}

/**
 * What the registry is to show sooner or later. After an event it is the newest push of those that the event and the
 * record know of; nothing more is expected of a tag that is known to be gone since.
 */
function awaitedPush(
  { pushedOn, pushed }: ToldPush,
  known: ImageRecord | undefined,
): AwaitedPush | undefined {
  if (!pushed || !pushedOn) return known?.awaited;
  // A request for an import by hand does not say when the image was pushed.
  if (!known?.pushedOn || known.heardBy === 'request' || pushedOn > known.pushedOn) return pushed;
  if (known.awaited) return known.awaited;
  if (known.state === 'removed') return undefined;
  if (pushedOn.getTime() === known.pushedOn.getTime()) return pushed;
  return known.digest ? { digest: known.digest } : {};
}
