/** How long pushes took to arrive in Coder, in ms; without a push there is only the count. */
export interface Latency {
  count: number;
  p50Ms?: number;
  p95Ms?: number;
  maxMs?: number;
}

/** Percentiles by nearest rank: each is the latency of a real push. */
export function percentilesOf(latencies: readonly number[]): Latency {
  const sorted = latencies.toSorted((a, b) => a - b);
  const count = sorted.length;
  if (count === 0) return { count };
  const percentile = (percent: number) => sorted[Math.ceil((percent / 100) * count) - 1] as number;
  return { count, p50Ms: percentile(50), p95Ms: percentile(95), maxMs: percentile(100) };
}

/** The same of latencies that are read one after the other. */
export async function summarize(latencies: AsyncIterable<number>): Promise<Latency> {
  const all: number[] = [];
  for await (const latency of latencies) all.push(latency);
  return percentilesOf(all);
}
