import { percentilesOf } from '../images/latency.ts';
import type { CountedImage } from '../records/image-table.ts';
import type { HourOfLatency, ReasonCount, Summary } from '../records/summary.ts';

/** What image records say of their registry. */
export type ImageCounts = Pick<Summary, 'images' | 'oldestWaitingPushedOn' | 'lastEventOn' | 'latency'>;

/** Counting one registry takes at most one hundredth of the time. */
const PAUSE_PER_COUNT = 100;

/** When a registry may be counted again: one with many records, whose count takes long, less often. */
export function nextCountOn({ countedOn, tookMs }: Summary): Date {
  return new Date(countedOn.getTime() + PAUSE_PER_COUNT * tookMs);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Counts the image records of one registry in one pass. Latencies are of the 24 hours before `now`. */
export async function countImages(images: AsyncIterable<CountedImage>, now: Date): Promise<ImageCounts> {
  const counts = new Map<string, ReasonCount>();
  const latencies = new Map<number, number[]>();
  let oldestWaitingPushedOn: Date | undefined;
  let lastEventOn: Date | undefined;
  for await (const image of images) {
    addTo(counts, image);
    addLatency(latencies, image, now);
    const { state, heardBy, pushedOn } = image;
    // A push that only a reconciliation found may be older than the bridge, so its age is no waiting time.
    if (!(pushedOn instanceof Date) || heardBy === 'reconciliation') continue;
    if (state === 'pending' && !(oldestWaitingPushedOn && oldestWaitingPushedOn < pushedOn))
      oldestWaitingPushedOn = pushedOn;
    if (heardBy === 'event' && !(lastEventOn && lastEventOn > pushedOn)) lastEventOn = pushedOn;
  }
  return {
    images: [...counts.values()].sort((one, other) => other.count - one.count),
    ...(oldestWaitingPushedOn && { oldestWaitingPushedOn }),
    ...(lastEventOn && { lastEventOn }),
    latency: { ...percentilesOf([...latencies.values()].flat()), hours: hoursOf(latencies) },
  };
}

function addTo(counts: Map<string, ReasonCount>, { state, reason }: CountedImage): void {
  const key = `${state} ${reason}`;
  const known = counts.get(key);
  if (known) known.count += 1;
  else counts.set(key, { state, reason, count: 1 });
}

function addLatency(
  latencies: Map<number, number[]>,
  { importedOn, latencyMs }: CountedImage,
  now: Date,
): void {
  if (!(importedOn instanceof Date) || typeof latencyMs !== 'number') return;
  const at = importedOn.getTime();
  if (at < now.getTime() - DAY_MS) return;
  const hour = at - (at % HOUR_MS);
  const known = latencies.get(hour);
  if (known) known.push(latencyMs);
  else latencies.set(hour, [latencyMs]);
}

function hoursOf(latencies: Map<number, number[]>): HourOfLatency[] {
  return [...latencies]
    .sort(([one], [other]) => one - other)
    .map(([hour, all]) => ({ startsOn: new Date(hour), ...percentilesOf(all) }));
}
