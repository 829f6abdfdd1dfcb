import * as z from 'zod';
import { STATES } from '../../reasons.ts';
import { RegistryName } from '../../records/registry.ts';

function wholeNumber(most: number) {
  const message = `must be a whole number from 1 to ${most}`;
  return z.coerce.number('must be a number').int(message).min(1, message).max(most, message);
}

/** The query of a list. */
export const PageQuery = z.strictObject({
  limit: wholeNumber(1_000).default(100),
  continuationToken: z.string().max(4_096).optional(),
});

/** The query of the list of image records. */
export const ImagesQuery = PageQuery.extend({
  registry: RegistryName.optional(),
  state: z.enum(STATES, `must be one of ${STATES.join(', ')}`).optional(),
});

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform(text => text === 'true');

/** The query of calls with a dry run. */
export const DryRunQuery = z.strictObject({ dryRun: flag });

/** The query of a rotation. */
export const RotateQuery = z.strictObject({ dryRun: flag, compromised: flag });

/** The window, up to now, of the latencies. */
export const LatencyQuery = z.strictObject({
  minutes: wholeNumber(43_200).default(60),
});
