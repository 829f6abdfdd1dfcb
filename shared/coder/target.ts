import type { Vault } from '../azure/vault.ts';
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
  /** A person asked to try again what was refused before. */
  isRetry: boolean;
}

/** What a target wants to be reminded of with the next call about the same image. Kept as it is given, as JSON. */
export type Memo = Readonly<Record<string, unknown>>;

type ReasonOf<S> = { [R in ImageReason]: StateOf<R> extends S ? R : never }[ImageReason];

/** What one round of work on an image came to. */
export type Applied =
  | {
      state: 'done';
      reason: ReasonOf<'imported' | 'skipped' | 'failed'>;
      /** What happened, where the meaning of the reason does not say it. */
      message?: string;
      /** The digest that the target shows: for an index it may be that of one of its images. */
      digest?: string;
      memo?: Memo;
      /** What a person should know beside the reason, as a sentence. */
      note?: string;
    }
  | { state: 'waiting'; reason: ReasonOf<'pending'>; message: string; memo?: Memo; lookAgainOn: Date };

/** What became of an image that is not to be offered any more; `reason` where the target has a word of its own for it. */
export type Withdrawn =
  | { state: 'done'; reason?: ReasonOf<'removed'> }
  | { state: 'kept'; reason?: ReasonOf<'removed'>; note: string }
  | { state: 'waiting'; reason: ReasonOf<'pending'>; message: string; lookAgainOn: Date };

/** What a target keeps others from while it works on an image; it says nothing to anyone else. */
export type Lock = object;

/** How a target can differ from what the bridge gave it; each has the words of its own. */
export const TARGET_DIFFERENCES = {
  'registry-deleted-in-coder': 'Coder does not have the registry any more.',
  'image-deleted-in-coder': 'Coder does not have the image any more.',
  'tag-deleted-in-coder': 'Coder does not have the tag any more.',
  'digest-drift': 'Coder has another digest under the tag than it had when it was imported.',
  'template-missing': 'Coder does not have the template any more.',
  'variable-missing': 'The active version of the template does not declare the variable any more.',
  'template-rolled-back': 'A person promoted an older version of the template.',
  'terraform-managed':
    'The same older version of the template was promoted again, as Terraform does whose state names it: `lifecycle { ignore_changes = [versions] }` in its `coderd_template` leaves the version to the bridge.',
  'template-overridden': "A person gave the template's variable a value of their own.",
  'template-behind': "A person's push copied an older image into the template.",
} as const;
export type TargetDifference = keyof typeof TARGET_DIFFERENCES;

/** What the target has of a registry, as it was when it was asked. */
export interface Inventory {
  repositories: readonly string[];
  /** undefined when it does not have the repository. @throws ServiceError */
  find(repository: string, signal: AbortSignal): Promise<RepositoryInTarget | undefined>;
  /** What is to be said of an imported image of a repository that it does not have. */
  missing: TargetDifference;
}

export interface RepositoryInTarget {
  /** The digest of each tag. */
  tags: ReadonlyMap<string, string>;
  /** How an image that was imported is not as it was then; undefined when it is. */
  compare(image: { tag: string; digest?: string; coderDigest?: string }): TargetDifference | undefined;
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
