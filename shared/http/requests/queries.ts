import * as z from 'zod';
import { STATES } from '../../reasons.ts';
import { RegistryName } from '../../records/registry.ts';

function wholeNumber(most: number) {
  const message = `must be a whole number from 1 to ${most}`;
  return z.coerce.number('must be a number').int(message).min(1, message).max(most, message);
}

/** How lists are asked for. */
export const PageQuery = z.strictObject({
  limit: wholeNumber(1_000).default(100),
  continuationToken: z.string().max(4_096).optional(),
});

/** How image records are asked for. */
export const ImagesQuery = PageQuery.extend({
  registry: RegistryName.optional(),
  state: z.enum(STATES, `must be one of ${STATES.join(', ')}`).optional(),
});

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform(text => text === 'true');

/** Whether something is only to be shown. */
export const DryRunQuery = z.strictObject({ dryRun: flag });

/** How a rotation is asked for. */
export const RotateQuery = z.strictObject({ dryRun: flag, compromised: flag });

/** The window, up to now, over which latencies are summed up. */
export const LatencyQuery = z.strictObject({
  minutes: wholeNumber(43_200).default(60),
});
