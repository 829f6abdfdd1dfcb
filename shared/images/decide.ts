import type { Rule, Verdict } from '../policy/policy.ts';
import type { ImageReason } from '../reasons.ts';
import {
  classifyManifest,
  type ImageConfig,
  type Manifest,
  missingPlatforms,
  platformsOf,
} from './manifest.ts';

/** The facts on which the next step of an import is decided. A fact that was not read yet is absent. */
export interface ImportFacts {
  verdict: Verdict;
  /** The image record, if there is one. */
  record?: KnownImage | undefined;
  /** The target may have changed since the record was written. */
  inDoubt: boolean;
  /** The import withdraws nothing from the target. */
  onlyToImport: boolean;
  /** The latest push that the bridge knows of. */
  pushedOn: Date;
  now: Date;
  /** This worker has the lock on the image in the target, and read `found` after it got the lock. */
  isLocked: boolean;
  /** The manifest under the tag in the registry; null when the registry has no such tag. */
  found?: { digest: string; manifest: unknown } | null;
  /** The configuration that was read; valid while the tag still needs that one. */
  config?: ReadConfig;
}

/** A configuration, or null where there is none, with the digest of the request for it. */
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

/** A configuration is read by its own digest or, in an index, by the digest of its image. */
export interface ConfigSource {
  kind: 'blob' | 'image';
  digest: string;
}

/** The one next step: read a missing fact, change something, or end. */
export type ImportStep =
  | { do: 'read-manifest' }
  | { do: 'read-config'; from: ConfigSource }
  /** Lock the image in the target, and then read the manifest again. */
  | { do: 'lock' }
  | { do: 'apply'; digests: [string, ...string[]] }
  /** Make the target stop offering it, and record that with this reason. */
  | { do: 'withdraw'; reason: ImageReason; message: string }
  /** `until`: the latest time to try a pending image again. */
  | { do: 'record'; reason: ImageReason; message: string; until?: Date }
  | { do: 'nothing' };

const PLATFORMS_DEADLINE_MINUTES = 60;
export const NO_SUCH_TAG = 'The registry has no such tag.';

/** Decides from facts alone, so that a table can test every case. */
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
  // An index lists its platforms itself.
  if (manifest.kind === 'image' && !isRead) return { do: 'read-config', from };
  const missing = missingPlatforms(rule?.platforms ?? [], platformsOf(manifest, facts.config?.config));
  if (missing.length > 0) return decideIncomplete(rule, missing, facts);
  if (!isRead) return { do: 'read-config', from };
  const children = manifest.kind === 'index' ? manifest.images.map(image => image.digest) : [];
  return { do: 'apply', digests: [digest, ...children] };
}

/** Takes the labels of an index from one of its images: linux/amd64, on which most workspaces run. */
function configSourceOf(manifest: Exclude<Manifest, { kind: 'other' }>): ConfigSource {
  if (manifest.kind === 'image') return { kind: 'blob', digest: manifest.configDigest };
  const { images } = manifest;
  const labelled = images.find(({ platform }) => platform === 'linux/amd64') ?? images[0];
  return { kind: 'image', digest: labelled.digest };
}

/** The outcome for a tag that exists but must not be imported. The target may have an earlier image of the tag. */
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

/** Records why an image is not imported, and leaves the target as it is. */
function notWithdrawn({ reason, message }: Extract<ImportStep, { do: 'withdraw' }>): ImportStep {
  if (reason === 'removed-from-coder') return { do: 'record', reason: 'gone', message: NO_SUCH_TAG };
  return { do: 'record', reason, message };
}

/** Another push may bring the missing platforms; the wait for it is limited. */
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

/** A final outcome; writes nothing when the record has it already. */
function settle(reason: ImageReason, message: string, { record, found }: ImportFacts): ImportStep {
  // A due record must be written even if unchanged, so that it is no longer due.
  const unchanged = record?.reason === reason && record.digest === found?.digest && !record.dueOn;
  return unchanged ? { do: 'nothing' } : { do: 'record', reason, message };
}
