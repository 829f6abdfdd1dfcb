import type { FoundManifest, TagInRegistry } from '../azure/acr/client.ts';
import type { Verdict } from '../policy/policy.ts';
import type { ImageReason } from '../reasons.ts';
import type { AwaitedPush } from '../records/image.ts';
import type { ImageConfig } from './image-config.ts';
import type { ReadChildren } from './image-index.ts';

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
  /** That push, while the registry may not show it yet. */
  awaited?: AwaitedPush | undefined;
  now: Date;
  /** Operating systems and platforms that workspaces run on. */
  runnable: readonly string[];
  /** No other worker changes the image in the target, and `found` was read since that is so. */
  isLocked: boolean;
  /** What the registry has under the tag now; null when it has no such tag. */
  found?: FoundManifest | null;
  /** What the registry's list of tags says of the tag; null when it is not in the list. */
  listed?: TagInRegistry | null;
  /** Whether the registry gives the listed digest, if not the tag. */
  hasListed?: boolean;
  /** The configuration that was read; of use while the tag still asks for that one. */
  config?: ReadConfig;
  /** The children of an index that were read. */
  children: ReadChildren;
}

/** A configuration, with the digest by which it was asked for. */
export interface ReadConfig {
  digest: string;
  config: ImageConfig;
}

interface KnownImage {
  state: string;
  reason: string;
  message: string;
  digest?: string;
  dueOn?: Date;
  memo?: object;
}

/** The one thing to do next: read a fact that is missing, change something, or end. */
export type ImportStep =
  | { do: 'read-manifest' }
  | { do: 'read-tag' }
  /** By its digest, since in quarantine only that says why the tag is not shown. */
  | { do: 'read-listed'; digest: string }
  | { do: 'read-config'; digest: string }
  /** A child of an index and, when that is an image, its configuration. */
  | { do: 'read-child'; digest: string }
  /** Keep others from changing the image in the target, and read the manifest again after that. */
  | { do: 'lock' }
  | { do: 'apply'; digests: [string, ...string[]]; labels: Readonly<Record<string, string>> }
  /** The target is not to offer it, which is recorded with this reason. */
  | Withdraw
  | RecordStep
  | { do: 'nothing' };

export interface Withdraw {
  do: 'withdraw';
  reason: ImageReason;
  message: string;
  platforms?: string;
}

export interface RecordStep {
  do: 'record';
  reason: ImageReason;
  message: string;
  /** Where the registry does not show the manifest itself. */
  digest?: string;
  /** What an image is for that is left out because of it. */
  platforms?: string;
  /** The last time to look again at a pending image. */
  until?: Date;
  /** When to look again at what the registry does not show yet. */
  lookAgainOn?: Date;
  awaited?: AwaitedPush;
}

/** What is there and not to be imported; the target may have been given what was there before. */
export function leaveOut(left: Omit<Withdraw, 'do'>, withdraw: boolean, facts: ImportFacts): ImportStep {
  const mayBeInTarget = facts.inDoubt || facts.record?.memo !== undefined;
  return withdraw && mayBeInTarget ? { do: 'withdraw', ...left } : settle(left, facts);
}

/** A final outcome, which is not written twice. */
export function settle(outcome: Omit<RecordStep, 'do'>, { record, found }: ImportFacts): ImportStep {
  const digest = outcome.digest ?? found?.digest;
  // A record that is due was looked at again, and must say so. A message may go on with what became of it in Coder.
  const unchanged =
    record?.reason === outcome.reason &&
    record.message.startsWith(outcome.message) &&
    record.digest === digest &&
    !record.dueOn;
  return unchanged ? { do: 'nothing' } : { do: 'record', ...outcome };
}
