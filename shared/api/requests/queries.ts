import * as z from 'zod';
import { isDigest, isRepository } from '../../policy/reference.ts';
import { IMAGE_REASONS, STATES, type State } from '../../reasons.ts';
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

const digest = z.string().refine(isDigest, 'must be a digest, such as sha256:…').optional();

const oneState = z.enum(STATES, `must be one of ${STATES.join(', ')}, or several with commas between them`);

/** The query of the list of image records. */
export const ImagesQuery = PageQuery.extend({
  registry: RegistryName.optional(),
  repository: z.string().refine(isRepository, 'must be an OCI repository name, such as team/app').optional(),
  state: z
    .string()
    .transform((text): readonly string[] => text.split(','))
    .pipe(z.array(oneState) as z.ZodType<State[], readonly string[]>)
    .optional()
    .meta({ param: { description: `One of ${STATES.join(', ')}, or several with commas between them.` } }),
  reason: z.enum(IMAGE_REASONS, 'must be a reason of an image record').optional(),
  digest,
  order: z
    .enum(['name', 'updatedOn'], 'must be name or updatedOn')
    .default('name')
    .describe(
      '`updatedOn`: what changed last comes first. Each page then reads every record that the filters find.',
    ),
});

/** The query of one image record. */
export const ImageQuery = z.strictObject({
  waitSeconds: z.coerce
    .number('must be a number')
    .int('must be a whole number from 0 to 60')
    .min(0, 'must be a whole number from 0 to 60')
    .max(60, 'must be a whole number from 0 to 60')
    .default(0)
    .describe('Answers as soon as there is a record that is not pending, and after this time at the latest.'),
  digest: digest.describe(
    'With `waitSeconds`: waits for a record about this digest, as of a tag that moved.',
  ),
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
