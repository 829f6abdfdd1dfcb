import type { RepositoryInTarget } from '../coder/target.ts';
import { isRunnable } from '../images/platform.ts';
import { applyPolicy, type PolicyHolder, type Verdict } from '../policy/policy.ts';
import { type ImageReason, REASONS } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';

/** How registry, records and Coder can differ about one tag, as reports and the README show it. */
export const DIFFERENCES = {
  'missed-push': 'The registry has a tag, or a digest under it, that no event told of.',
  untagged: 'The registry does not have the tag any more; it has the manifest.',
  deleted: 'The registry does not have the tag any more, nor the manifest.',
  'policy-changed': 'The policy decides otherwise than when the tag was last looked at.',
  'given-up': 'The import was given up after too many attempts, for a reason that may have passed.',
  'registry-deleted-in-coder': 'Coder does not have the registry any more.',
  'image-deleted-in-coder': 'Coder does not have the image any more.',
  'tag-deleted-in-coder': 'Coder does not have the tag any more.',
  'digest-drift': 'Coder has another digest under the tag than it had when it was imported.',
  'default-tag-drift': 'Coder offers another default tag than the policy chooses.',
} as const;

export type DifferenceKind = keyof typeof DIFFERENCES;

/** What is to be looked at again. `gone` is told apart into `untagged` and `deleted` by asking the registry. */
export interface Difference {
  tag: string;
  kind: Exclude<DifferenceKind, 'untagged' | 'deleted'> | 'gone';
}

/** All that is known of one repository. */
export interface RepositoryFacts {
  repository: string;
  registry: PolicyHolder;
  /** What the registry has. */
  tags: ReadonlyMap<string, { digest: string; pushedOn: Date }>;
  records: ReadonlyMap<string, ImageRecord>;
  /** What Coder has; undefined when it does not have the image. */
  image: RepositoryInTarget | undefined;
  /** Operating systems and platforms that workspaces run on. */
  runnable: readonly string[];
  /** False when Coder had the registry once, and does not any more. */
  coderHasRegistry: boolean;
}

/** Tags about which the three do not agree, in the order in which they were pushed; those that are gone come last. */
export function findDifferences(facts: RepositoryFacts): Difference[] {
  const { tags, records, image } = facts;
  const names = new Set([...tags.keys(), ...records.keys(), ...(image?.tags.keys() ?? [])]);
  const differences: Difference[] = [];
  for (const tag of names) {
    const kind = compare(facts, tag);
    if (kind) differences.push({ tag, kind });
  }
  const drifted = driftedTo(facts);
  if (drifted && !differences.some(({ tag }) => tag === drifted)) {
    differences.push({ tag: drifted, kind: 'default-tag-drift' });
  }
  const pushedMs = ({ tag }: Difference) => tags.get(tag)?.pushedOn.getTime() ?? Number.MAX_SAFE_INTEGER;
  return differences.sort((a, b) => pushedMs(a) - pushedMs(b));
}

function compare(facts: RepositoryFacts, tag: string): Difference['kind'] | undefined {
  const { repository, registry, records, tags } = facts;
  const record = records.get(tag);
  const verdict = applyPolicy(registry, { repository, tag });
  // The sweep looks after what is pending, and nobody after what is suspended.
  if (record?.state === 'pending' || isSuspended(verdict)) return undefined;
  if (verdict.action === 'skip') return compareSkipped(facts, tag, verdict);
  if (!tags.has(tag)) return compareGone(facts, tag, verdict);
  return compareWanted(facts, tag, verdict);
}

function isSuspended(verdict: Verdict): boolean {
  return verdict.action === 'skip' && verdict.reason === 'suspended';
}

function compareSkipped(
  { records, image }: RepositoryFacts,
  tag: string,
  { reason, withdraw }: Extract<Verdict, { action: 'skip' }>,
): Difference['kind'] | undefined {
  const record = records.get(tag);
  const isOutdated = record !== undefined && record.state !== 'removed' && record.reason !== reason;
  return isOutdated || (withdraw && image?.offers(tag)) ? 'policy-changed' : undefined;
}

function compareGone(
  { records, image }: RepositoryFacts,
  tag: string,
  { rule, pinned }: Extract<Verdict, { action: 'import' }>,
): Difference['kind'] | undefined {
  const record = records.get(tag);
  if (record && record.state !== 'removed') return 'gone';
  const isLeft = rule?.onDelete === 'remove' && image?.offers(tag) && !image.keeps({ tag, pinned });
  return isLeft ? 'gone' : undefined;
}

function compareWanted(
  facts: RepositoryFacts,
  tag: string,
  { rule }: Extract<Verdict, { action: 'import' }>,
): Difference['kind'] | undefined {
  const record = facts.records.get(tag);
  if (!record || record.state === 'removed') return 'missed-push';
  if (record.state === 'skipped' && !isSkippedStill(record, [...facts.runnable, ...(rule?.platforms ?? [])]))
    return 'policy-changed';
  if (record.digest !== facts.tags.get(tag)?.digest) return 'missed-push';
  // What Coder or the registry refuse stays parked until somebody pushes again.
  if (record.state === 'failed') return REASONS[record.reason].state === 'pending' ? 'given-up' : undefined;
  return record.state === 'imported' ? compareImported(facts, record) : undefined;
}

/** What a tag holds is not judged otherwise later, except when other platforms are allowed. */
function isSkippedStill({ reason, platforms = '' }: ImageRecord, runnable: readonly string[]): boolean {
  if (reason !== 'no-runnable-platform') return ABOUT_CONTENT.has(reason);
  return !platforms.split(',').some(platform => isRunnable(platform, runnable));
}

const ABOUT_CONTENT: ReadonlySet<ImageReason> = new Set<ImageReason>([
  'not-an-image',
  'build-cache',
  'not-runnable',
]);

function compareImported(
  { image, coderHasRegistry }: RepositoryFacts,
  { tag, digest, coderDigest }: ImageRecord,
): Difference['kind'] | undefined {
  if (!coderHasRegistry) return 'registry-deleted-in-coder';
  if (!image) return 'image-deleted-in-coder';
  if (!image.tags.has(tag)) return 'tag-deleted-in-coder';
  return image.tags.get(tag) === (coderDigest ?? digest) ? undefined : 'digest-drift';
}

/** The tag that the policy prefers, when Coder has both it and prefers another. */
function driftedTo({ repository, registry, tags, records, image }: RepositoryFacts): string | undefined {
  const imported = [...tags.keys()].filter(tag => records.get(tag)?.state === 'imported');
  const candidates = imported.flatMap(tag => {
    const verdict = applyPolicy(registry, { repository, tag });
    return verdict.action === 'import' ? [{ tag, words: verdict.rule ?? {}, pinned: verdict.pinned }] : [];
  });
  return image?.findDrift(candidates, tag => records.get(tag)?.pushedOn);
}
