/**
 * Runs `work` for every item, at most `limit` at a time, and reads no further ahead than that. It ends when all started
 * work has ended, even after a failure, and then throws the first failure. Each failure takes away one of the `limit`
 * places, so that it stops early when everything fails.
 */
export async function forEachAtMost<T>(
  limit: number,
  items: AsyncIterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  async function worker(): Promise<void> {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) await work(next.value);
  }
  const results = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = results.find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}
