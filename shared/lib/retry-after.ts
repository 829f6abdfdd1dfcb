/**
 * The header `Retry-After` in milliseconds; it holds seconds or a date (RFC 9110, section 10.2.3).
 * Undefined when it is absent or neither.
 */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
