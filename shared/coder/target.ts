import type { Vault } from '../azure/key-vault/vault.ts';
import type { HeldRegistry } from '../credentials/holder.ts';
import type { Check } from '../lib/check.ts';
import type { Policy } from '../policy/policy.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, StateOf } from '../reasons.ts';
import type { RegistryWords, RequestWords, RuleWords } from './words.ts';

/** A registry as a target must know it to pull from it. */
export interface PullableRegistry extends HeldRegistry, RegistryWords {}

/** A registry as a target must know it to offer what the policy lets through. */
export interface SourceRegistry extends PullableRegistry {
  policy: Policy;
}

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
  /** A person asked to try again what was refused before, of this image or of many. */
  isRetry: boolean;
  /** They named this very image, so that it comes back although a person took it back before. */
  liftsHold: boolean;
}

/** What a target wants to get back with the next call about the same image. The record keeps it unchanged, as JSON. */
export type Memo = Readonly<Record<string, unknown>>;

type ReasonOf<S> = { [R in ImageReason]: StateOf<R> extends S ? R : never }[ImageReason];

/** The result of one round of work on an image. */
export type Applied =
  | {
      state: 'done';
      reason: ReasonOf<'imported' | 'skipped' | 'failed'>;
      /** What happened, where the meaning of the reason does not say it. */
      message?: string;
      /** The digest that the target shows: for an index it may be that of one of its images. */
      digest?: string;
      memo?: Memo;
      /** What a person should know in addition to the reason, as a sentence. */
      note?: string;
    }
  | { state: 'waiting'; reason: ReasonOf<'pending'>; message: string; memo?: Memo; lookAgainOn: Date };

/** What became of an image that is not to be offered any more; `reason` where the target has a word of its own for it. */
export type Withdrawn =
  | { state: 'done'; reason?: ReasonOf<'removed'> }
  | { state: 'kept'; reason?: ReasonOf<'removed'>; note: string }
  | { state: 'waiting'; reason: ReasonOf<'pending'>; message: string; lookAgainOn: Date };

/** A target's lock on an image; only the target reads it. */
export type Lock = object;

/** How a target can differ from what the bridge gave it; each has the words of its own. */
export const TARGET_DIFFERENCES = {
  'registry-deleted-in-coder': 'Coder no longer has the registry.',
  'image-deleted-in-coder': 'Coder no longer has the image.',
  'tag-deleted-in-coder': 'Coder no longer has the tag.',
  'digest-drift': 'Coder has a different digest under the tag than the one that was imported.',
  'template-missing': 'Coder no longer has the template.',
  'variable-missing': 'The active version of the template no longer declares the variable.',
  'template-rolled-back': 'A person promoted an older version of the template.',
  'terraform-managed':
    'The same older version of the template was promoted again, as Terraform does whose state names it: `lifecycle { ignore_changes = [versions] }` in its `coderd_template` leaves the version to the bridge.',
  'template-overridden': "A person gave the template's variable a value of their own.",
  'template-forgotten': 'What the bridge remembers of the template cannot be read.',
  'template-behind': "A person's push copied an older image into the template.",
  'canary-left': 'A workspace with which the bridge tried the image was not deleted.',
} as const;
export type TargetDifference = keyof typeof TARGET_DIFFERENCES;

/** What the target has of a registry, as it was when it was asked. */
export interface Inventory {
  repositories: readonly string[];
  /** undefined when it does not have the repository. @throws ServiceError */
  find(repository: string, signal: AbortSignal): Promise<RepositoryInTarget | undefined>;
  /** Whether these words of a rule say where its images go; absent where every image has a place. */
  hasPlace?(words: RuleWords): boolean;
  /** What is to be said of an imported image of a repository that it does not have. */
  missing: TargetDifference;
}

export interface RepositoryInTarget {
  /** The digest of each tag. */
  tags: ReadonlyMap<string, string>;
  /** How an image that was imported is not as it was then; undefined when it is. */
  compare(image: { tag: string; digest?: string; coderDigest?: string }): TargetDifference | undefined;
  /** What the work on a tag has left behind in the target, whatever became of the image; undefined for nothing. */
  leftAt?(tag: string): TargetDifference | undefined;
  /** Whether a person could start from the tag. */
  offers(tag: string): boolean;
  /** Whether the target would keep the tag if it were withdrawn. */
  keeps(image: Pick<TargetedImage, 'tag' | 'pinned'>): boolean;
  /** Whether a person took the image back, so that it stays away. */
  holds?(image: { digest?: string }): boolean;
  /** Workspaces start from the digest, whatever the tag points to by now. */
  isByDigest?: boolean;
  /**
   * Whether the rules prefer this imported tag to the one that the target prefers, and to another that they prefer.
   * Absent where that was decided when the tags were pushed.
   * @param pushedOn the last push of a tag that the bridge knows
   */
  prefers?(
    imported: Pick<TargetedImage, 'tag' | 'words' | 'pinned'>,
    other: string | undefined,
    pushedOn: (tag: string) => Date | undefined,
  ): boolean;
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
  registry: SourceRegistry & { resourceId: string };
  signal: AbortSignal;
}

/** Where imports go. */
export interface Target {
  /** Which tag it offers depends on when each was pushed, so that a later push of the same digest matters too. */
  choosesByTime?: boolean;
  /** The target's host; pauses that it asks for are kept by this name. */
  host: string;
  /** @throws RefusedError when the target cannot take the registry as declared */
  refuse(declared: DeclaredRegistry, previous: SourceRegistry | undefined): Promise<void>;
  /**
   * Looks at what the target has already of a registry that is added, or whose kind of credential changes.
   * @throws RefusedError when the registry cannot be used there as declared
   * @throws ServiceError
   */
  refuseFound?(
    declared: DeclaredRegistry & { loginServer: string },
    previous: SourceRegistry | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** @throws RefusedError when the target cannot take what a person says of an image */
  refuseRequest(words: RequestWords): void;
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
  plan(
    registry: SourceRegistry,
    vault: Pick<Vault, 'read'>,
  ): { target: Target; calls: readonly PlannedCall[] };
  /** The target's checks for one diagnosis; they may need `tables`, `managed-identity` and `key-vault-read`. */
  checks(): Check<TargetDiagnosis>[];
  /**
   * Deletes in the target what the bridge made there and no work on an image ends any more.
   * @throws ServiceError
   */
  tidy?(signal: AbortSignal): Promise<void>;
}
