import * as z from 'zod';
import type { Explanation } from '../../images/explain.ts';
import { classifyManifest, type ImageConfig, type Manifest, platformsOf } from '../../images/manifest.ts';
import { ruleOf } from '../../policy/policy.ts';
import type { Reference } from '../../policy/reference.ts';
import { ImageView, imageView } from './image.ts';

const Explained = z.strictObject({
  dryRun: z.literal(true),
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  policy: z.strictObject({
    action: z.enum(['import', 'skip']),
    rule: z.int().optional().describe('Place of the rule that decides, from 0; absent when none does.'),
  }),
  found: z
    .strictObject({
      digest: z.string(),
      kind: z.enum(['image', 'index', 'other']),
      what: z.string().optional(),
      platforms: z.array(z.string()).optional(),
    })
    .nullable()
    .describe('What the registry has under the tag; null when it has nothing, or was not asked.'),
  calls: z
    .array(z.strictObject({ method: z.string(), path: z.string(), body: z.looseObject({}).optional() }))
    .describe('The calls to Coder that would change something, in order.'),
  image: ImageView.nullable().describe('The record as it would be.'),
  wouldAnswer: z.int().optional().describe('The status that the call has without `dryRun`.'),
});

export const ExplanationView = z.union([ImageView, Explained]);

/** What an import would do, as callers see it. */
export function explanationView(
  { facts, registry, calls, record }: Explanation,
  { repository, tag }: Reference,
) {
  const { verdict, found, config } = facts;
  const rule = ruleOf(registry, { repository, tag });
  return {
    dryRun: true,
    registry: registry.name,
    repository,
    tag,
    policy: { action: verdict.action, rule: rule >= 0 ? rule : undefined },
    found: found
      ? { digest: found.digest, ...manifestView(classifyManifest(found.manifest), config?.config) }
      : null,
    calls,
    image: record ? imageView(record, registry) : null,
  };
}

function manifestView(manifest: Manifest, config: ImageConfig | null | undefined) {
  if (manifest.kind === 'other') return { kind: manifest.kind, what: manifest.what };
  // What an image is for stands in its configuration, which is not read when the policy leaves it out.
  if (manifest.kind === 'image' && !config) return { kind: manifest.kind };
  return { kind: manifest.kind, platforms: platformsOf(manifest, config) };
}
