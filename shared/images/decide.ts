import type { Rule, Verdict } from '../policy/policy.ts';
import type { ImageReason } from '../reasons.ts';
import { classifyManifest, type ImageConfig, missingPlatforms, platformsOf } from './manifest.ts';

/** What is known when an import is decided. */
export interface ImportFacts {
  verdict: Verdict;
  /** Not asked for when the policy skips the image; `undefined` inside means that the registry has no such tag. */
  found?: { digest: string; manifest: unknown } | undefined;
  /** The configuration of a single image, once it was read. */
  config?: ImageConfig | undefined;
  /** What the record says, if there is one. */
  record?: KnownImage | undefined;
  /** What the record says of Coder need not be true any more. */
  inDoubt: boolean;
  /** The latest push that we heard of. */
  pushedOn: Date;
  now: Date;
}

interface KnownImage {
  state: string;
  reason: string;
  digest?: string;
  dueOn?: Date;
  coderImageId?: string;
}

/** The one thing to do next. */
export type ImportAction =
  | { do: 'nothing' }
  /** `until`: the last time to look again at a pending image. */
  | { do: 'record'; reason: ImageReason; message: string; until?: Date }
  /** The image's own configuration is needed to decide. */
  | { do: 'read-config'; digest: string }
  | { do: 'forward'; digests: [string, ...string[]] }
  /** Coder is not to offer it, which is recorded with this reason. */
  | { do: 'remove'; reason: ImageReason; message: string };

const PLATFORMS_DEADLINE_MINUTES = 60;
export const NO_SUCH_TAG = 'The registry has no such tag.';

/** Decides from facts alone, so that every case can stand in a table. */
export function decideImport(facts: ImportFacts): ImportAction {
  const { verdict, found, record, inDoubt } = facts;
  if (verdict.action === 'skip')
    return leaveOut(verdict.reason, SKIPPED[verdict.reason], verdict.withdraw, facts);
  if (!found) return decideGone(verdict, facts);
  if (!inDoubt && record?.state === 'imported' && record.digest === found.digest) return { do: 'nothing' };

  const manifest = classifyManifest(found.manifest);
  if (manifest.kind === 'other') {
    const withdraw = verdict.rule?.onDelete === 'remove';
    return leaveOut('not-an-image', `It is ${manifest.what}.`, withdraw, facts);
  }
  if (manifest.kind === 'image' && !facts.config) return { do: 'read-config', digest: manifest.configDigest };

  const missing = missingPlatforms(verdict.rule?.platforms ?? [], platformsOf(manifest, facts.config));
  if (missing.length > 0) return decideIncomplete(verdict.rule, missing, facts);
  const children = manifest.kind === 'index' ? manifest.images.map(({ digest }) => digest) : [];
  return { do: 'forward', digests: [found.digest, ...children] };
}

/** What is there and not to be imported; Coder may have been given what was there before. */
function leaveOut(reason: ImageReason, message: string, withdraw: boolean, facts: ImportFacts): ImportAction {
  const mayBeInCoder = facts.inDoubt || facts.record?.coderImageId !== undefined;
  return withdraw && mayBeInCoder ? { do: 'remove', reason, message } : settle(reason, message, facts);
}

function decideGone({ rule }: Extract<Verdict, { action: 'import' }>, facts: ImportFacts): ImportAction {
  if (rule?.onDelete !== 'remove') return settle('gone', NO_SUCH_TAG, facts);
  const { record, inDoubt } = facts;
  const isRemoved = !inDoubt && record?.reason === 'removed-from-coder' && !record.dueOn;
  const message = 'The registry has no such tag, and Coder no longer offers it.';
  return isRemoved ? { do: 'nothing' } : { do: 'remove', reason: 'removed-from-coder', message };
}

/** Another push may bring the platforms that are missing; there is an end to waiting for it. */
function decideIncomplete(rule: Rule | undefined, missing: string[], facts: ImportFacts): ImportAction {
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
function settle(reason: ImageReason, message: string, { record, found }: ImportFacts): ImportAction {
  // A record that is due was looked at again, and must say so.
  const unchanged = record?.reason === reason && record.digest === found?.digest && !record.dueOn;
  return unchanged ? { do: 'nothing' } : { do: 'record', reason, message };
}
