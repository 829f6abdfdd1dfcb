/** How much of the long tests is run, from above 0 to 1; TEST_PART says it, and without it they run whole. */
export const PART = Number(process.env.TEST_PART ?? 1);
if (!(PART > 0 && PART <= 1)) throw new Error('TEST_PART must be above 0 and at most 1.');

/** A part of the cases; all of them when the tests run whole. */
export function partOf(whole: number): number {
  return Math.max(1, Math.round(whole * PART));
}
