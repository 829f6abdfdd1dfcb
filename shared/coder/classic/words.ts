import * as z from 'zod';
import { DefaultTag } from '../default-tag.ts';

// What a person may say to Coder Classic, and what the API shows of it.

/** Least resources and texts that an image gets in Coder; what is absent is left to the next source. */
export const ImageDefaults = z.strictObject({
  cpuCores: z.number().positive().max(1024).optional(),
  /** Whole GB: Coder refuses fractions on import. */
  memoryGb: z.int().positive().max(65_536).optional(),
  diskGb: z.int().positive().max(65_536).optional(),
  description: z.string().max(4_096).optional(),
  sourceRepoUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .max(2_048)
    .optional(),
});
export type ImageDefaults = z.infer<typeof ImageDefaults>;

/** Of a registry. */
export const ClassicRegistryWords = z.object({
  /** Organization in Coder; CODER_ORGANIZATION_ID when absent. */
  organizationId: z.string().min(1).max(200).optional(),
});

/** As a registry's row keeps them. */
export const ClassicRegistryColumns = z.object({ organizationId: z.string().exactOptional() });

/** Of the images that a rule matches. */
export const ClassicRuleWords = z.object({
  defaultTag: DefaultTag.optional(),
  defaults: ImageDefaults.optional(),
});

/** What the target remembers of an image, as the API shows it. */
export const ClassicMemo = z.object({ coderImageId: z.string().optional() });
