import type { Vault } from '../azure/vault.ts';
import type { HeldRegistry } from '../credentials/holder.ts';
import type { Check } from '../lib/check.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, StateOf } from '../reasons.ts';
import type { RegistryWords, RequestWords, RuleWords } from './words.ts';

/** The part of a registry's record that a target reads. */
export interface SourceRegistry extends HeldRegistry, RegistryWords {}

/** An image of a registry, with its rule's words for the target. */
export interface TargetedImage extends Reference {
  registry: SourceRegistry;
  /** The words of the rule that matches; empty when there is no rule. */
  words: RuleWords;
  /** The bridge must not change what a person chose in the target, such as the default tag. */
  pinned: boolean;
}

/** An image that the target should offer. */
export interface WantedImage extends TargetedImage {
  /** The digests under the tag: the manifest's and, for an index, those of its images. */
  digests: readonly [string, ...string[]];
  labels: Readonly<Record<string, string>>;
  /** The values that a person gave who imported it by hand. */
  requested: RequestWords;
  pushedOn: Date;
}

/** What a target wants to get back with the next call about the same image. The record keeps it unchanged, as JSON. */
export type Memo = Readonly<Record<string, unknown>>;

type ReasonOf<S> = { [R in ImageReason]: StateOf<R> extends S ? R : never }[ImageReason];

/** The result of one round of work on an image. */
export type Applied =
  | {
      state: 'done';
      reason: ReasonOf<'imported'>;
      /** The digest that the target shows: for an index it may be that of one of its images. */
      digest?: string;
      memo?: Memo;
      /** What a person should know in addition to the reason, as a sentence. */
      note?: string;
    }
  | { state: 'waiting'; reason: ReasonOf<'pending'>; message: string; memo?: Memo; lookAgainOn: Date };

/** The result of withdrawing an image. */
export type Withdrawn = { state: 'done' } | { state: 'kept'; note: string };

/** A target's lock on an image; only the target reads it. */
export type Lock = object;

/** What the target has of a registry, at the time of the call. */
export interface Inventory {
  /** False when the registry was deleted in the target. */
  hasRegistry: boolean;
  repositories: readonly string[];
  /** undefined when it does not have the repository. @throws ServiceError */
  find(repository: string, signal: AbortSignal): Promise<RepositoryInTarget | undefined>;
}

export interface RepositoryInTarget {
  /** The digest of each tag. */
  tags: ReadonlyMap<string, string>;
  /** Whether a person could start from the tag. */
  offers(tag: string): boolean;
  /** Whether the target would keep the tag if it were withdrawn. */
  keeps(image: Pick<TargetedImage, 'tag' | 'pinned'>): boolean;
  /**
   * The tag that the rules prefer to the one that the target prefers, among those that were imported.
   * @param pushedOn the last push of a tag that the bridge knows
   */
  findDrift(
    imported: readonly Pick<TargetedImage, 'tag' | 'words' | 'pinned'>[],
    pushedOn: (tag: string) => Date | undefined,
  ): string | undefined;
}

/** A call to the target that a dry run did not make; its passwords are masked. */
export interface PlannedCall {
  method: 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
}

/** The part of a registry's declaration that a target may refuse. */
export type DeclaredRegistry = Omit<SourceRegistry, 'rotation' | 'loginServer'>;

/** What a diagnosis passes to the target's checks. */
export interface TargetDiagnosis {
  /** The registry's record; only for checks that need `tables`. */
  registry: SourceRegistry;
  signal: AbortSignal;
}

/** Where imports go. */
export interface Target {
  /** The target's host; pauses that it asks for are kept by this name. */
  host: string;
  /** @throws RefusedError when the target cannot take the registry as declared */
  refuse(declared: DeclaredRegistry, previous: SourceRegistry | undefined): Promise<void>;
  /**
   * Runs `work` under a lock, so that no other worker, in this instance or another, changes the same things in the
   * target.
   * @throws ServiceError `coder-busy` when others use up the time
   */
  withLock<T>(
    image: Reference & { registry: SourceRegistry },
    signal: AbortSignal,
    work: (lock: Lock) => Promise<T>,
  ): Promise<T>;
  /**
   * Makes the target offer the image, in one round of limited length. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   * @throws ConflictError when the tag moved in between
   */
  apply(image: WantedImage, lock: Lock, signal: AbortSignal): Promise<Applied>;
  /**
   * Makes the target stop offering the image. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   */
  withdraw(image: TargetedImage, lock: Lock, signal: AbortSignal): Promise<Withdrawn>;
  /** @throws ServiceError */
  observe(registry: SourceRegistry, signal: AbortSignal): Promise<Inventory>;
  /**
   * The same target for a dry run of one import: it only reads, and lists the calls that would change something.
   * @param registry need not be stored
   * @param vault gives the registry's secrets
   */
  plan(registry: SourceRegistry, vault: Vault): { target: Target; calls: readonly PlannedCall[] };
  /** The target's checks for one diagnosis; they may need `tables`, `managed-identity` and `key-vault-read`. */
  checks(): Check<TargetDiagnosis>[];
}
