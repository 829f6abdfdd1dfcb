import type { RepositoryInTarget } from '../coder/target.ts';
import { applyPolicy, type PolicyHolder, type Verdict } from '../policy/policy.ts';
import { REASONS } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';

/** How registry, records and Coder can differ about one tag, as reports and the docs show it. */
export const DIFFERENCES = {
  'missed-push': 'The registry has a tag, or a digest under it, for which no event came.',
  untagged: 'The registry no longer has the tag; it still has the manifest.',
  deleted: 'The registry no longer has the tag, nor the manifest.',
  'policy-changed': 'The policy now decides differently about the tag than in its image record.',
  'given-up': 'The bridge gave up the import after too many attempts, for a reason that may have passed.',
  'registry-deleted-in-coder': 'Coder no longer has the registry.',
  'image-deleted-in-coder': 'Coder no longer has the image.',
  'tag-deleted-in-coder': 'Coder no longer has the tag.',
  'digest-drift': 'Coder has a different digest under the tag than the one that was imported.',
  'default-tag-drift': 'Coder offers a different default tag than the policy chooses.',
} as const;

export type DifferenceKind = keyof typeof DIFFERENCES;

/** A tag to import again. The registry's answer splits `gone` into `untagged` and `deleted`. */
export interface Difference {
  tag: string;
  kind: Exclude<DifferenceKind, 'untagged' | 'deleted'> | 'gone';
}

/** All facts about one repository. */
export interface RepositoryFacts {
  repository: string;
  registry: PolicyHolder;
  /** The tags in the registry. */
  tags: ReadonlyMap<string, { digest: string; pushedOn: Date }>;
  records: ReadonlyMap<string, ImageRecord>;
  /** The image in Coder; undefined when Coder does not have it. */
  image: RepositoryInTarget | undefined;
  /** False when the registry was deleted in Coder. */
  coderHasRegistry: boolean;
}

/** Tags about which registry, records and Coder differ, in the order of their pushes; deleted tags come last. */
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
  // The sweep handles pending images; suspended ones stay as they are.
  if (record?.state === 'pending' || isSuspended(verdict)) return undefined;
  if (verdict.action === 'skip') return compareSkipped(facts, tag, verdict);
  if (!tags.has(tag)) return compareGone(facts, tag, verdict);
  return compareWanted(facts, tag);
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

function compareWanted(facts: RepositoryFacts, tag: string): Difference['kind'] | undefined {
  const record = facts.records.get(tag);
  if (!record || record.state === 'removed') return 'missed-push';
  if (record.state === 'skipped' && record.reason !== 'not-an-image') return 'policy-changed';
  if (record.digest !== facts.tags.get(tag)?.digest) return 'missed-push';
  // An image that Coder or the registry refused stays `failed` until its next push.
  if (record.state === 'failed') return REASONS[record.reason].state === 'pending' ? 'given-up' : undefined;
  return record.state === 'imported' ? compareImported(facts, record) : undefined;
}

function compareImported(
  { image, coderHasRegistry }: RepositoryFacts,
  { tag, digest, coderDigest }: ImageRecord,
): Difference['kind'] | undefined {
  if (!coderHasRegistry) return 'registry-deleted-in-coder';
  if (!image) return 'image-deleted-in-coder';
  if (!image.tags.has(tag)) return 'tag-deleted-in-coder';
  return image.tags.get(tag) === (coderDigest ?? digest) ? undefined : 'digest-drift';
}

/** The tag that should be the default, when Coder has it but offers another one. */
function driftedTo({ repository, registry, tags, records, image }: RepositoryFacts): string | undefined {
  const imported = [...tags.keys()].filter(tag => records.get(tag)?.state === 'imported');
  const candidates = imported.flatMap(tag => {
    const verdict = applyPolicy(registry, { repository, tag });
    return verdict.action === 'import' ? [{ tag, words: verdict.rule ?? {}, pinned: verdict.pinned }] : [];
  });
  return image?.findDrift(candidates, tag => records.get(tag)?.pushedOn);
}
