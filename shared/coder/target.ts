import type { Vault } from '../azure/vault.ts';
import type { HeldRegistry } from '../credentials/holder.ts';
import type { Check } from '../lib/check.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, StateOf } from '../reasons.ts';
import type { RegistryWords, RequestWords, RuleWords } from './words.ts';

/** A registry as a target must know it to pull from it. */
export interface SourceRegistry extends HeldRegistry, RegistryWords {}

/** An image of a registry, with what its rule says of it to the target. */
export interface TargetedImage extends Reference {
  registry: SourceRegistry;
  /** Of the rule that matches; empty when there is no rule. */
  words: RuleWords;
  /** A person chose in the target what the bridge would otherwise choose. */
  pinned: boolean;
}

/** An image that the target is to offer. */
export interface WantedImage extends TargetedImage {
  /** What the registry has under the tag: the manifest and, for an index, each of its images. */
  digests: readonly [string, ...string[]];
  labels: Readonly<Record<string, string>>;
  /** What a person asked for who imported it by hand. */
  requested: RequestWords;
  pushedOn: Date;
}

/** What a target wants to be reminded of with the next call about the same image. Kept as it is given, as JSON. */
export type Memo = Readonly<Record<string, unknown>>;

type ReasonOf<S> = { [R in ImageReason]: StateOf<R> extends S ? R : never }[ImageReason];

/** What one round of work on an image came to. */
export type Applied =
  | {
      state: 'done';
      reason: ReasonOf<'imported'>;
      /** The digest that the target shows: for an index it may be that of one of its images. */
      digest?: string;
      memo?: Memo;
      /** What a person should know beside the reason, as a sentence. */
      note?: string;
    }
  | { state: 'waiting'; reason: ReasonOf<'pending'>; message: string; memo?: Memo; lookAgainOn: Date };

/** What became of an image that is not to be offered any more. */
export type Withdrawn = { state: 'done' } | { state: 'kept'; note: string };

/** What a target keeps others from while it works on an image; it says nothing to anyone else. */
export type Lock = object;

/** What the target has of a registry, as it was when it was asked. */
export interface Inventory {
  /** False when it had the registry once, and does not any more. */
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
  /** Whether the target keeps the tag although it is to be withdrawn. */
  keeps(image: Pick<TargetedImage, 'tag' | 'pinned'>): boolean;
  /**
   * The tag that the rules prefer to the one that the target prefers, among those that were imported.
   * @param pushedOn the last push of a tag that the bridge knows of
   */
  findDrift(
    imported: readonly Pick<TargetedImage, 'tag' | 'words' | 'pinned'>[],
    pushedOn: (tag: string) => Date | undefined,
  ): string | undefined;
}

/** A call that the target would be asked with; passwords in it are blanked. */
export interface PlannedCall {
  method: 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
}

/** What is declared of a registry, as far as a target may refuse it. */
export type DeclaredRegistry = Omit<SourceRegistry, 'rotation' | 'loginServer'>;

/** What a diagnosis tells the checks of the target. */
export interface TargetDiagnosis {
  /** The registry's record; only for checks that need `tables`. */
  registry: SourceRegistry;
  signal: AbortSignal;
}

/** Where imports go. */
export interface Target {
  /** The host under which a pause is noted that it asks for. */
  host: string;
  /** @throws RefusedError when the target cannot take the registry as it is declared */
  refuse(declared: DeclaredRegistry, previous: SourceRegistry | undefined): Promise<void>;
  /**
   * Runs `work` while no other worker, in this instance or another, changes in the target what the image changes.
   * @throws ServiceError `coder-busy` when others take all the time there is
   */
  withLock<T>(
    image: Reference & { registry: SourceRegistry },
    signal: AbortSignal,
    work: (lock: Lock) => Promise<T>,
  ): Promise<T>;
  /**
   * Makes the target offer the image, with at most one bounded round of steps. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   * @throws ConflictError when the tag moved on meanwhile
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
   * The same target for one import that is only explained: it is read, and what it would be asked to change is noted.
   * @param registry as it would be, which need not be stored
   * @param vault from which its secrets can be read
   */
  plan(registry: SourceRegistry, vault: Vault): { target: Target; calls: readonly PlannedCall[] };
  /** What one diagnosis looks at here; may need `tables`, `managed-identity` and `key-vault-read`. */
  checks(): Check<TargetDiagnosis>[];
}
