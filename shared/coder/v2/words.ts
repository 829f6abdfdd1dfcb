import * as z from 'zod';
import { json } from '../../azure/tables/row-codec.ts';

// What a person may say to Coder v2, and what the API shows of it.

const NAME = '[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*';
/** A template's name, in which `{name}` may stand for the last part of the repository's name. */
const TEMPLATE = new RegExp(`^(?:${NAME}|(?:${NAME}-)?\\{name\\}(?:-${NAME})?)$`);

/** A workspace of the bridge's own that is started from each new version before its promotion. */
export const CanaryRule = z.strictObject({
  /** Values of the template's parameters. */
  parameters: z.record(z.string().max(256), z.string().max(2_000)).optional(),
  /** Name of a preset of the template. */
  preset: z.string().max(256).optional(),
  /** How long it may take until its agents are ready; 15 when absent. */
  timeoutMinutes: z.int().min(1).max(120).optional(),
  /** Keeps a workspace that failed, for people to look at. */
  keepOnFailure: z.boolean().optional(),
});
export type CanaryRule = z.infer<typeof CanaryRule>;

/** Where an image goes in Coder v2: one variable of one template. */
export const Destination = z
  .strictObject({
    template: z
      .string()
      .regex(
        TEMPLATE,
        'must be the name of a template, in which {name} may stand for the last part of the repository',
      ),
    /** Name of the organization; CODER_ORGANIZATION_ID when absent. */
    organization: z
      .string()
      .regex(/^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/, 'must be the name of an organization')
      .max(36)
      .optional(),
    /** Variable of the template that names the image; `image` when absent, `images` for a catalog. */
    variable: z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_-]*$/, 'must be the name of a Terraform variable')
      .max(64)
      .optional(),
    /** `catalog`: the variable holds a list of images to choose from; `image` when absent. */
    as: z.enum(['image', 'catalog']).optional(),
    /** Tags of each repository that a catalog offers; 10 when absent. */
    keepTags: z.int().min(1).max(100).optional(),
    /** How the variable names the image; `tag-and-digest` when absent, `digest` for old Docker providers. */
    reference: z.enum(['tag-and-digest', 'digest']).optional(),
    /** `manual` builds and verifies a version, and leaves its promotion to a person; `auto` when absent. */
    promote: z.enum(['auto', 'manual']).optional(),
    /** Before promotion a workspace is started from the version; none when absent. */
    canary: CanaryRule.optional(),
    /** Versions of the bridge's own that stay; older ones are archived. 10 when absent. */
    keepVersions: z.int().min(1).max(1_000).optional(),
    /** What happens when a person promoted an older version; `report` leaves it. */
    onDrift: z.enum(['report', 'restore']).optional(),
  })
  .refine(({ as, keepTags }) => as === 'catalog' || keepTags === undefined, {
    path: ['keepTags'],
    message: 'is about a list of images: say "as": "catalog" too',
  });
export type Destination = z.infer<typeof Destination>;

const Templates = z.array(Destination).min(1).max(10);

/** Of a registry: where images of rules go that name no templates of their own. */
export const V2RegistryWords = z.object({ templates: Templates.optional() });

/** As a registry's row keeps them. */
export const V2RegistryColumns = z.object({ templates: json(Templates).exactOptional() });

/** Of the images that a rule matches. */
export const V2RuleWords = z.object({ templates: Templates.optional() });

/** What became of an image in one template. */
const TemplateMemo = z.object({
  organization: z.string(),
  template: z.string(),
  variable: z.string(),
  reason: z.string(),
  message: z.string().optional(),
  importMs: z
    .int()
    .optional()
    .describe(
      "Time from the creation of the bridge's version until Coder had imported it; part of `latencyMs`.",
    ),
  version: z
    .string()
    .optional()
    .describe(
      'Name of the version that names it: the active one, or one that is being built or waits for a person. Absent when there is none.',
    ),
});
export type TemplateMemo = z.infer<typeof TemplateMemo>;

/** What the target remembers of an image, as the API shows it. */
export const V2Memo = z.object({
  coder: z
    .object({ templates: z.array(TemplateMemo) })
    .optional()
    .describe('What became of the image in each template.'),
});
