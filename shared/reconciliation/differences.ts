import {
  type Inventory,
  type RepositoryInTarget,
  TARGET_DIFFERENCES,
  type TargetDifference,
} from '../coder/target.ts';
import { isRunnable } from '../images/platform.ts';
import { whySkipped } from '../images/skipped.ts';
import { createBreather } from '../lib/breather.ts';
import { applyPolicy, type PolicyHolder, type Verdict } from '../policy/policy.ts';
import { findReason } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import { type LeftTag, whyLeft } from './left.ts';

/** How registry, records and Coder can differ about one tag, as reports and the docs show it. */
export const DIFFERENCES = {
  'missed-push': 'The registry has a tag, or a digest under it, for which no event came.',
  untagged: 'The registry no longer has the tag; it still has the manifest.',
  deleted: 'The registry no longer has the tag, nor the manifest.',
  'policy-changed':
    'The policy now decides differently about the tag, or by another rule, than its image record says.',
  'record-unreadable': 'The image record of the tag is damaged, so it is written anew.',
  forgotten: 'The import of the tag is pending, but nothing would try it again.',
  'given-up': 'The bridge gave up the import after too many attempts, for a reason that may have passed.',
  'hold-ended': 'The image record says that a person took the image back, and no template holds it any more.',
  ...TARGET_DIFFERENCES,
  'digest-purged':
    'The registry no longer has the digest that a template names, so that new workspaces cannot start from it.',
  'default-tag-drift': 'Coder offers a different default tag than the policy chooses.',
} as const;

export type DifferenceKind = keyof typeof DIFFERENCES;

/** A tag to import again. The registry's answer splits `gone` into `untagged` and `deleted`. */
export interface Difference {
  tag: string;
  kind: Exclude<DifferenceKind, 'untagged' | 'deleted'> | 'gone';
}

/** Reasons to leave out an image that are no verdict of the policy. */
const SETTLED: ReadonlySet<string> = new Set([
  'not-an-image',
  'build-cache',
  'not-runnable',
  'not-chosen',
  'held',
]);

/** All that is known of one repository. */
export interface RepositoryFacts {
  repository: string;
  registry: PolicyHolder;
  /** The tags in the registry. */
  tags: ReadonlyMap<string, { digest: string; pushedOn: Date }>;
  records: ReadonlyMap<string, ImageRecord>;
  /** Tags whose record cannot be read. */
  unreadable: ReadonlySet<string>;
  /** Tags whose record is pending without a due row. */
  forgotten: ReadonlySet<string>;
  /** The image in Coder; undefined when Coder does not have it. */
  image: RepositoryInTarget | undefined;
  /** The operating systems and platforms on which workspaces run. */
  runnable: readonly string[];
  /** What is to be said of images when Coder does not have the repository. */
  missing: TargetDifference;
  /** Whether a rule says where its images go; absent where every image has a place. */
  hasPlace?: Inventory['hasPlace'];
}

export interface Comparison {
  /** Tags about which the three do not agree, in the order in which they were pushed; those that are gone come last. */
  differences: Difference[];
  left: LeftTag[];
}

/** Compares registry, records and Coder about every tag of one repository. */
export async function compareRepository(facts: RepositoryFacts): Promise<Comparison> {
  const breathe = createBreather();
  const { tags, records, unreadable, image } = facts;
  const names = new Set([...tags.keys(), ...records.keys(), ...unreadable, ...(image?.tags.keys() ?? [])]);
  const differences: Difference[] = [];
  const left: LeftTag[] = [];
  for (const tag of names) {
    await breathe();
    const verdict = applyPolicy(facts.registry, { repository: facts.repository, tag });
    const kind = compare(facts, tag, verdict);
    if (kind) differences.push({ tag, kind });
    const why = kind
      ? undefined
      : whyLeft({ tag, verdict, record: records.get(tag), isInRegistry: tags.has(tag) });
    if (why) left.push(why);
  }
  const drifted = await driftedTo(facts, breathe);
  if (drifted && !differences.some(({ tag }) => tag === drifted)) {
    differences.push({ tag: drifted, kind: 'default-tag-drift' });
  }
  const pushedMs = ({ tag }: Difference) => tags.get(tag)?.pushedOn.getTime() ?? Number.MAX_SAFE_INTEGER;
  return { differences: differences.sort((a, b) => pushedMs(a) - pushedMs(b)), left };
}

function compare(facts: RepositoryFacts, tag: string, verdict: Verdict): Difference['kind'] | undefined {
  const { records, tags } = facts;
  const record = records.get(tag);
  // Suspended images stay as they are, and the sweep handles pending ones that have a due row.
  if (isSuspended(verdict)) return undefined;
  if (facts.unreadable.has(tag)) return 'record-unreadable';
  if (record?.state === 'pending') return facts.forgotten.has(tag) ? 'forgotten' : undefined;
  const kind =
    verdict.action === 'skip'
      ? compareSkipped(facts, tag, verdict)
      : tags.has(tag)
        ? compareWanted(facts, tag, verdict)
        : compareGone(facts, tag, verdict);
  return kind ?? facts.image?.leftAt?.(tag);
}

function isSuspended(verdict: Verdict): boolean {
  return verdict.action === 'skip' && verdict.reason === 'suspended';
}

function compareSkipped(
  { records, image }: RepositoryFacts,
  tag: string,
  verdict: Extract<Verdict, { action: 'skip' }>,
): Difference['kind'] | undefined {
  const record = records.get(tag);
  const says = record && record.reason === verdict.reason && record.message.startsWith(whySkipped(verdict));
  const isOutdated = record !== undefined && record.state !== 'removed' && !says;
  // Who leaves an image out pins nothing.
  const isLeft = verdict.withdraw && image?.offers(tag) && !image.keeps({ tag, pinned: false });
  return isOutdated || isLeft ? 'policy-changed' : undefined;
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
  const runnable = [...facts.runnable, ...(rule?.platforms ?? [])];
  const isWithout = record.reason === 'no-template' && facts.hasPlace?.(rule ?? {}) === false;
  if (record.state === 'skipped' && !isWithout && !isSettled(record, runnable)) return 'policy-changed';
  if (record.digest !== facts.tags.get(tag)?.digest) return 'missed-push';
  if (record.reason === 'held' && facts.image?.holds?.(record) === false) return 'hold-ended';
  // An image that Coder or the registry refused stays `failed` until its next push.
  if (record.state === 'failed')
    return findReason(record.reason)?.state === 'pending' ? 'given-up' : undefined;
  if (record.state !== 'imported') return undefined;
  return facts.image ? facts.image.compare(record) : facts.missing;
}

/** An image that was left out stays so, unless its platforms are allowed by now. */
function isSettled({ reason, platforms = '' }: ImageRecord, runnable: readonly string[]): boolean {
  if (reason !== 'no-runnable-platform') return SETTLED.has(reason);
  return !platforms.split(',').some(platform => isRunnable(platform, runnable));
}

/** The tag that the policy prefers, when Coder has both it and prefers another. */
async function driftedTo(
  { repository, registry, tags, records, image }: RepositoryFacts,
  breathe: () => Promise<void>,
): Promise<string | undefined> {
  if (!image?.prefers) return undefined;
  const pushedOn = (tag: string) => records.get(tag)?.pushedOn;
  let best: string | undefined;
  for (const tag of tags.keys()) {
    await breathe();
    if (records.get(tag)?.state !== 'imported') continue;
    const verdict = applyPolicy(registry, { repository, tag });
    if (verdict.action !== 'import') continue;
    const candidate = { tag, words: verdict.rule ?? {}, pinned: verdict.pinned };
    if (image.prefers(candidate, best, pushedOn)) best = tag;
  }
  return best;
}
