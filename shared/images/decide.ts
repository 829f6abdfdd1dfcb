import type { Rule, Verdict } from '../policy/policy.ts';
import type { ImageReason } from '../reasons.ts';
import {
  classifyManifest,
  type ImageConfig,
  type Manifest,
  missingPlatforms,
  platformsOf,
} from './manifest.ts';

/** What is known when the next step of an import is decided. What was not read yet is absent. */
export interface ImportFacts {
  verdict: Verdict;
  /** What the record says, if there is one. */
  record?: KnownImage | undefined;
  /** What the record says of the target need not be true any more. */
  inDoubt: boolean;
  /** Nothing is withdrawn from the target. */
  onlyToImport: boolean;
  /** The latest push that the bridge knows of. */
  pushedOn: Date;
  now: Date;
  /** No other worker changes the image in the target, and `found` was read since that is so. */
  isLocked: boolean;
  /** What the registry has under the tag now; null when it has no such tag. */
  found?: { digest: string; manifest: unknown } | null;
  /** The configuration that was read; of use while the tag still asks for that one. */
  config?: ReadConfig;
}

/** A configuration, or null where there is none, with the digest by which it was asked for. */
export interface ReadConfig {
  digest: string;
  config: ImageConfig | null;
}

interface KnownImage {
  state: string;
  reason: string;
  digest?: string;
  dueOn?: Date;
  memo?: object;
}

/** A configuration is asked for by its own digest or, in an index, by that of the image that has it. */
export interface ConfigSource {
  kind: 'blob' | 'image';
  digest: string;
}

/** The one thing to do next: read a fact that is missing, change something, or end. */
export type ImportStep =
  | { do: 'read-manifest' }
  | { do: 'read-config'; from: ConfigSource }
  /** Keep others from changing the image in the target, and read the manifest again after that. */
  | { do: 'lock' }
  | { do: 'apply'; digests: [string, ...string[]] }
  /** The target is not to offer it, which is recorded with this reason. */
  | { do: 'withdraw'; reason: ImageReason; message: string }
  /** `until`: the last time to look again at a pending image. */
  | { do: 'record'; reason: ImageReason; message: string; until?: Date }
  | { do: 'nothing' };

const PLATFORMS_DEADLINE_MINUTES = 60;
export const NO_SUCH_TAG = 'The registry has no such tag.';

/** Decides from facts alone, so that every case can stand in a table. */
export function decideImport(facts: ImportFacts): ImportStep {
  const step = decideUnlocked(facts);
  if (step.do === 'withdraw' && facts.onlyToImport) return notWithdrawn(step);
  const changes = step.do === 'apply' || step.do === 'withdraw';
  return changes && !facts.isLocked ? { do: 'lock' } : step;
}

function decideUnlocked(facts: ImportFacts): ImportStep {
  const { verdict, found, record, inDoubt } = facts;
  if (verdict.action === 'skip')
    return leaveOut(verdict.reason, SKIPPED[verdict.reason], verdict.withdraw, facts);
  if (found === undefined) return { do: 'read-manifest' };
  if (found === null) return decideGone(verdict, facts);
  if (!inDoubt && record?.state === 'imported' && record.digest === found.digest) return { do: 'nothing' };

  const manifest = classifyManifest(found.manifest);
  if (manifest.kind === 'other') {
    const withdraw = verdict.rule?.onDelete === 'remove';
    return leaveOut('not-an-image', `It is ${manifest.what}.`, withdraw, facts);
  }
  return decideImage(verdict.rule, found.digest, manifest, facts);
}

function decideImage(
  rule: Rule | undefined,
  digest: string,
  manifest: Exclude<Manifest, { kind: 'other' }>,
  facts: ImportFacts,
): ImportStep {
  const from = configSourceOf(manifest);
  const isRead = facts.config?.digest === from.digest;
  // An index says itself which platforms it is for.
  if (manifest.kind === 'image' && !isRead) return { do: 'read-config', from };
  const missing = missingPlatforms(rule?.platforms ?? [], platformsOf(manifest, facts.config?.config));
  if (missing.length > 0) return decideIncomplete(rule, missing, facts);
  if (!isRead) return { do: 'read-config', from };
  const children = manifest.kind === 'index' ? manifest.images.map(image => image.digest) : [];
  return { do: 'apply', digests: [digest, ...children] };
}

/** The labels of an index are those of one of its images; linux/amd64 is what workspaces mostly run on. */
function configSourceOf(manifest: Exclude<Manifest, { kind: 'other' }>): ConfigSource {
  if (manifest.kind === 'image') return { kind: 'blob', digest: manifest.configDigest };
  const { images } = manifest;
  const labelled = images.find(({ platform }) => platform === 'linux/amd64') ?? images[0];
  return { kind: 'image', digest: labelled.digest };
}

/** What is there and not to be imported; the target may have been given what was there before. */
function leaveOut(reason: ImageReason, message: string, withdraw: boolean, facts: ImportFacts): ImportStep {
  const mayBeInTarget = facts.inDoubt || facts.record?.memo !== undefined;
  return withdraw && mayBeInTarget ? { do: 'withdraw', reason, message } : settle(reason, message, facts);
}

function decideGone({ rule }: Extract<Verdict, { action: 'import' }>, facts: ImportFacts): ImportStep {
  if (rule?.onDelete !== 'remove') return settle('gone', NO_SUCH_TAG, facts);
  const { record, inDoubt } = facts;
  const isRemoved = !inDoubt && record?.reason === 'removed-from-coder' && !record.dueOn;
  const message = 'The registry has no such tag, and Coder no longer offers it.';
  return isRemoved ? { do: 'nothing' } : { do: 'withdraw', reason: 'removed-from-coder', message };
}

/** Why an image is not imported that stays in the target for now. */
function notWithdrawn({ reason, message }: Extract<ImportStep, { do: 'withdraw' }>): ImportStep {
  if (reason === 'removed-from-coder') return { do: 'record', reason: 'gone', message: NO_SUCH_TAG };
  return { do: 'record', reason, message };
}

/** Another push may bring the platforms that are missing; there is an end to waiting for it. */
function decideIncomplete(rule: Rule | undefined, missing: string[], facts: ImportFacts): ImportStep {
  const minutes = rule?.platformsDeadlineMinutes ?? PLATFORMS_DEADLINE_MINUTES;
  const until = new Date(facts.pushedOn.getTime() + minutes * 60_000);
  const message = `It lacks ${missing.join(', ')}.`;
  if (facts.now < until) return { do: 'record', reason: 'waiting-for-platforms', message, until };
  return settle('platforms-missing', `${message} Its rule waits ${minutes} minutes for them.`, facts);
}

const SKIPPED = {
  'no-rule': "No rule of the registry's policy matches.",
  excluded: 'A rule of the policy excludes it, or its tag belongs to a signature, an attestation or an SBOM.',
  suspended: 'The registry, or the rule that matches, is suspended.',
};

/** A final outcome, which is not written twice. */
function settle(reason: ImageReason, message: string, { record, found }: ImportFacts): ImportStep {
  // A record that is due was looked at again, and must say so.
  const unchanged = record?.reason === reason && record.digest === found?.digest && !record.dueOn;
  return unchanged ? { do: 'nothing' } : { do: 'record', reason, message };
}
