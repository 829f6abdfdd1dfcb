import * as z from 'zod';

/** One page of a list. */
export function pageOf(item: z.ZodType) {
  return z.strictObject({
    items: z.array(item),
    continuationToken: z
      .string()
      .optional()
      .describe('Send it to get the next page; absent on the last page.'),
  });
}
