import * as z from 'zod';
import { json, word } from '../azure/tables/row-codec.ts';
import type { ImageReason, State } from '../reasons.ts';

const Percentiles = {
  count: z.int(),
  p50Ms: z.int().optional(),
  p95Ms: z.int().optional(),
  maxMs: z.int().optional(),
};

/** Latencies of the pushes that arrived within one hour. Kept as JSON. */
const HourOfLatency = z.object({ startsOn: z.coerce.date(), ...Percentiles });
export type HourOfLatency = z.infer<typeof HourOfLatency>;

/** Latencies of the last 24 hours, and of each of these hours in which a push arrived, the earliest first. */
const LatencyOfDay = z.object({ ...Percentiles, hours: z.array(HourOfLatency) });

const ReasonCount = z.object({ state: word<State>(), reason: word<ImageReason>(), count: z.int() });
export type ReasonCount = z.infer<typeof ReasonCount>;

const LastReconciliation = z.object({
  state: z.enum(['running', 'completed', 'failed']),
  startedOn: z.coerce.date(),
  endedOn: z.coerce.date().optional(),
  /** Why it stopped. */
  message: z.string().optional(),
});

export type LastReconciliation = z.infer<typeof LastReconciliation>;

/** What was counted of one registry, so that an overview need not read its image records. Times are UTC. */
export const Summary = z.object({
  /** The bridge's name of the registry. */
  registry: z.string(),
  countedOn: z.date(),
  /** How long the count took, in ms. */
  tookMs: z.number(),
  /** Number of image records by state and reason. */
  images: json(z.array(ReasonCount)),
  /** The oldest push that waits for Coder, without those that only a reconciliation found. */
  oldestWaitingPushedOn: z.date().exactOptional(),
  /** The newest push that an event reported. */
  lastEventOn: z.date().exactOptional(),
  latency: json(LatencyOfDay),
  reconciliation: json(LastReconciliation).exactOptional(),
});
export type Summary = z.infer<typeof Summary>;
