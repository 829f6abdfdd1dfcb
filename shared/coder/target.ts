import type { DefaultTag, ImageDefaults } from '../policy.ts';
import type { ImageReason, StateOf } from '../reasons.ts';
import type { Reference } from '../reference.ts';
import type { Registry } from '../registry.ts';

/** An image that the policy lets through, as the target needs it. */
export interface ImageToForward extends Reference {
  registry: Registry;
  /** What the registry says the tag points to: the manifest, and for an index each of its images. */
  digests: readonly [string, ...string[]];
  /** From the rule and the image's labels. What is absent is not touched on an image that exists. */
  defaults: ImageDefaults;
  defaultTag: DefaultTag;
  /** Whether the registry still has this digest under the tag. */
  isCurrent(): Promise<boolean>;
  /** Whether this push is later than the last one of another tag of the repository. */
  isNewerThan(tag: string): Promise<boolean>;
}

/** A tag that the registry no longer has. */
export interface ImageToRemove extends Reference {
  registry: Registry;
  defaultTag: DefaultTag;
  /** Whether the registry still does not have it. */
  isGone(): Promise<boolean>;
}

/** What became of it. */
export interface Forwarded {
  reason: { [R in ImageReason]: StateOf<R> extends 'imported' ? R : never }[ImageReason];
  coderImageId: string;
}

/** Where imports go. */
export interface Target {
  /**
   * Makes the target have the image's tag with its digest. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   * @throws ConflictError when the tag has moved on meanwhile
   */
  forward(image: ImageToForward, signal: AbortSignal): Promise<Forwarded>;
  /**
   * Makes the target stop offering the tag. Safe to call again at any time.
   * @throws ServiceError with the reason of the outcome
   * @throws ConflictError when the tag has come back meanwhile
   */
  remove(image: ImageToRemove, signal: AbortSignal): Promise<void>;
  /** Gives the target the registry's credential if it has the registry with another one. @throws ServiceError */
  updateCredential(registry: Registry, signal: AbortSignal): Promise<void>;
  /** Whether the target has the registry already, as far as we know. */
  hasRegistry(registry: Registry): Promise<boolean>;
}
