import type { Rule } from '../policy/policy.ts';
import type { ImageReason } from '../reasons.ts';
import { labelsOf, platformOf } from './image-config.ts';
import { type ImageInIndex, lookThrough } from './image-index.ts';
import type { Manifest } from './manifest.ts';
import { isRunnable, missingPlatforms } from './platform.ts';
import { type ImportFacts, type ImportStep, leaveOut, settle } from './step.ts';

const PLATFORMS_DEADLINE_MINUTES = 60;

/** Children of one index that are read at most, so that a push has a bounded cost. */
const MOST_CHILDREN = 16;

/** @param rule that covers the tag, if any */
export function decideImage(
  rule: Rule | undefined,
  digest: string,
  manifest: Exclude<Manifest, { kind: 'other' }>,
  facts: ImportFacts,
): ImportStep {
  return manifest.kind === 'image'
    ? decideSingle(rule, digest, manifest, facts)
    : decideIndex(rule, digest, manifest, facts);
}

/** A single image names its platform in its configuration, which is read in any case. */
function decideSingle(
  rule: Rule | undefined,
  digest: string,
  { configDigest, platform: named }: Extract<Manifest, { kind: 'image' }>,
  facts: ImportFacts,
): ImportStep {
  if (facts.config?.digest !== configDigest) return { do: 'read-config', digest: configDigest };
  const { config } = facts.config;
  const platform = named ?? platformOf(config);
  const missing = missingPlatforms(rule?.platforms ?? [], platform ? [platform] : []);
  if (missing.length > 0) return decideIncomplete(rule, missing, facts);
  if (platform && !isAllowed(platform, rule, facts)) return decideForeign([platform], rule, facts);
  return { do: 'apply', digests: [digest], labels: labelsOf(config) };
}

/** Children are read one by one while they may change the decision; then one of them for its labels. */
function decideIndex(
  rule: Rule | undefined,
  digest: string,
  { children }: Extract<Manifest, { kind: 'index' }>,
  facts: ImportFacts,
): ImportStep {
  const { images, unread, others } = lookThrough(children, facts.children);
  const platforms = images.flatMap(({ platform }) => platform ?? []);
  const missing = missingPlatforms(rule?.platforms ?? [], platforms);
  const runnable = images.filter(({ platform }) => !platform || isAllowed(platform, rule, facts));
  const mayRead = facts.children.size < MOST_CHILDREN;
  const [next] = unread;
  if (next && mayRead && (missing.length > 0 || runnable.length === 0))
    return { do: 'read-child', digest: next };
  if (missing.length > 0) return decideIncomplete(rule, missing, facts);
  if (runnable.length === 0 && !next) {
    if (platforms.length > 0) return decideForeign(platforms, rule, facts);
    return notOffered(others[0] ?? NO_IMAGES, rule, facts);
  }
  const labelled = chooseLabelled(runnable);
  if (labelled && labelled.config === undefined && mayRead)
    return { do: 'read-child', digest: labelled.digest };
  const digests = [...images.map(image => image.digest), ...unread];
  return { do: 'apply', digests: [digest, ...digests], labels: labelsOf(labelled?.config) };
}

const NO_IMAGES = { reason: 'not-an-image', what: 'an index without images' } as const;

/** The labels of an index are those of one of its images; linux/amd64 is what workspaces mostly run on. */
function chooseLabelled(images: readonly ImageInIndex[]): ImageInIndex | undefined {
  return images.find(({ platform }) => platform === 'linux/amd64') ?? images[0];
}

function isAllowed(platform: string, rule: Rule | undefined, { runnable }: ImportFacts): boolean {
  // A rule that requires a platform allows it.
  return isRunnable(platform, [...runnable, ...(rule?.platforms ?? [])]);
}

/** Platforms that a message names. */
const MOST_NAMED = 5;
const LONGEST_NAME = 60;

function decideForeign(found: readonly string[], rule: Rule | undefined, facts: ImportFacts): ImportStep {
  const names = [...new Set(found)].slice(0, MOST_NAMED).map(name => name.slice(0, LONGEST_NAME));
  const message = `It is for ${names.join(', ')} only.`;
  const left = { reason: 'no-runnable-platform', message, platforms: names.join(',') } as const;
  return leaveOut(left, rule?.onDelete === 'remove', facts);
}

/** What is no image, or none that can start. */
export function notOffered(
  { reason, what }: { reason: ImageReason; what: string },
  rule: Rule | undefined,
  facts: ImportFacts,
): ImportStep {
  return leaveOut({ reason, message: `It is ${what}.` }, rule?.onDelete === 'remove', facts);
}

/** Another push may bring the platforms that are missing; there is an end to waiting for it. */
function decideIncomplete(rule: Rule | undefined, missing: string[], facts: ImportFacts): ImportStep {
  const minutes = rule?.platformsDeadlineMinutes ?? PLATFORMS_DEADLINE_MINUTES;
  const until = new Date(facts.pushedOn.getTime() + minutes * 60_000);
  const message = `It lacks ${missing.join(', ')}.`;
  if (facts.now < until) return { do: 'record', reason: 'waiting-for-platforms', message, until };
  const ended = `${message} Its rule waits ${minutes} minutes for them.`;
  return settle({ reason: 'platforms-missing', message: ended }, facts);
}
