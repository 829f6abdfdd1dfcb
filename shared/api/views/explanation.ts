import * as z from 'zod';
import type { Explanation } from '../../images/explain.ts';
import { foundOf } from '../../images/found.ts';
import { ruleOf } from '../../policy/policy.ts';
import type { Reference } from '../../policy/reference.ts';
import { IMAGE_REASONS } from '../../reasons.ts';
import { ImageView, imageView } from './image.ts';

const Explained = z.strictObject({
  dryRun: z.literal(true),
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  policy: z.strictObject({
    action: z.enum(['import', 'skip']),
    rule: z.int().optional().describe('Index of the rule that decides, from 0; absent when no rule matches.'),
  }),
  found: z
    .strictObject({
      digest: z.string(),
      kind: z.enum(['image', 'index', 'other']),
      what: z.string().optional(),
      platforms: z.array(z.string()).optional(),
    })
    .nullable()
    .describe('The manifest under the tag in the registry; null when there is none, or it was not read.'),
  wasAsked: z
    .boolean()
    .describe('Whether the registry was asked for the tag; the policy leaves out an image without that.'),
  calls: z
    .array(z.strictObject({ method: z.string(), path: z.string(), body: z.looseObject({}).optional() }))
    .describe('The calls that would change something in Coder, in order.'),
  image: ImageView.nullable().describe(
    'The image record as it would be; null when there is nothing to do, or no such tag.',
  ),
  reason: z.enum(IMAGE_REASONS).optional().describe('What the import would end with, and why.'),
  message: z.string().optional(),
  wouldAnswer: z.int().optional().describe('The status of the same call without `dryRun`.'),
});

export const ExplanationView = z.union([ImageView, Explained]);

/** The answer of a dry run of an import. */
export function explanationView(
  { facts, registry, calls, record }: Explanation,
  { repository, tag }: Reference,
) {
  const { verdict } = facts;
  const rule = ruleOf(registry, { repository, tag });
  return {
    dryRun: true,
    registry: registry.name,
    repository,
    tag,
    policy: { action: verdict.action, rule: rule >= 0 ? rule : undefined },
    found: foundOf(facts),
    wasAsked: facts.found !== undefined,
    calls,
    image: record?.pushedOn ? imageView(record, registry) : null,
    reason: record?.reason,
    message: record?.message,
  };
}
