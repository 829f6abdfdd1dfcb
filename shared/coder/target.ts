import type { Vault } from '../azure/vault.ts';
import type { Check } from '../lib/check.ts';
import type { DefaultTag, ImageDefaults } from '../policy/policy.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, StateOf } from '../reasons.ts';
import type { Registry, StoredRegistry } from '../records/registry.ts';

/** An image that the policy lets through, as the target needs it. */
export interface ImageToForward extends Reference {
  registry: Registry;
  /** What the registry says the tag points to: the manifest, and for an index each of its images. */
  digests: readonly [string, ...string[]];
  /** From the rule and the image's labels. What is absent is not touched on an image that exists. */
  defaults: ImageDefaults;
  defaultTag: DefaultTag;
  /** The image's default tag is not to be moved. */
  pinned: boolean;
  /** Whether the registry still has this digest under the tag. */
  isCurrent(): Promise<boolean>;
  /** Whether this push is later than the last one of another tag of the repository. */
  isNewerThan(tag: string): Promise<boolean>;
}

/** A tag that the target is not to offer any more: the registry does not have it, or the policy leaves it out. */
export interface ImageToRemove extends Reference {
  registry: Registry;
  defaultTag: DefaultTag;
  pinned: boolean;
  /** Whether that is still so. */
  isUnwanted(): Promise<boolean>;
}

/** What became of it. */
export interface Forwarded {
  reason: { [R in ImageReason]: StateOf<R> extends 'imported' ? R : never }[ImageReason];
  coderImageId: string;
  /** The digest that the target shows. */
  coderDigest?: string;
  /** The default tag that would have been moved, were it not pinned. */
  pinnedDefault?: string;
}

/** What the target has of a registry's images, as it was when it was asked. */
export interface Inventory {
  /** False when it had the registry once, and does not any more. */
  hasRegistry: boolean;
  repositories: readonly string[];
  /** undefined when it does not have the repository. @throws ServiceError */
  find(repository: string, signal: AbortSignal): Promise<TargetImage | undefined>;
}

export interface TargetImage {
  /** False when nobody may start from it. */
  isOffered: boolean;
  defaultTag: string | undefined;
  /** The digest of each tag. */
  tags: ReadonlyMap<string, string>;
}

/** A call that the target would be asked with; passwords in it are blanked. */
export interface PlannedCall {
  method: 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
}

/** A target that is read but not changed. */
export interface RehearsedTarget {
  target: Target;
  /** What it would have been asked to change, in that order. */
  calls: readonly PlannedCall[];
}

/** What a diagnosis tells the checks of the target. */
export interface TargetDiagnosis {
  /** The registry's record; only for checks that need `tables`. */
  registry: StoredRegistry;
  signal: AbortSignal;
}

/** Where imports go. */
export interface Target {
  /** The host under which a pause is noted that it asks for. */
  host: string;
  /**
   * Makes the target have the image's tag with its digest. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   * @throws ConflictError when the tag has moved on meanwhile
   */
  forward(image: ImageToForward, signal: AbortSignal): Promise<Forwarded>;
  /**
   * Makes the target stop offering the tag, unless that is a default tag that is pinned. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   * @throws ConflictError when the tag has come back meanwhile
   */
  remove(image: ImageToRemove, signal: AbortSignal): Promise<'removed' | 'pinned'>;
  /** @throws ServiceError */
  listImages(registry: Registry, signal: AbortSignal): Promise<Inventory>;
  /** Gives the target the registry's credential if it has the registry with another one. @throws ServiceError */
  updateCredential(registry: Registry, signal: AbortSignal): Promise<void>;
  /**
   * Gives the target the registry's credential, even if it was given it before, and has it use it.
   * @throws ServiceError when it cannot: `coder-rejected`, `coder-cannot-pull` and `credential-refused` are final
   */
  proveCredential(registry: Registry, signal: AbortSignal): Promise<void>;
  /** Whether somebody else changed what the target has of the registry since it was given its credential. @throws ServiceError */
  wasTouched(registry: Registry, signal: AbortSignal): Promise<boolean>;
  /**
   * The same target for one import that is only rehearsed.
   * @param registry as it would be, which need not be stored
   * @param vault from which its secrets can be read
   */
  rehearse(registry: Registry, vault: Vault): RehearsedTarget;
  /** What one diagnosis looks at here; may need `tables`, `managed-identity` and `key-vault-read`. */
  checks(): Check<TargetDiagnosis>[];
  /** Whether the target has the registry already, as far as we know. */
  hasRegistry(registry: Registry): Promise<boolean>;
}
