import semver from 'semver';
import type { DefaultTag } from '../default-tag.ts';
import type { TargetedImage, Withdrawn } from '../target.ts';
import type { ClassicClient } from './client.ts';
import type { RepositoryLock } from './memory.ts';
import type { CoderImage, CoderTag } from './schema.ts';

/** The change that makes Coder stop offering a tag. */
export type Removal =
  | { do: 'nothing' }
  /** It is the default tag, which must not change. */
  | { do: 'keep' }
  /**
   * Coder never deletes an image's default tag, and so not its last tag. No workspace can start from a deprecated
   * image.
   */
  | { do: 'deprecate' }
  | { do: 'delete'; nextDefault: string | undefined };

/** Decides how to remove a tag from an image; `tags` are those in Coder. */
export function planRemoval(
  image: CoderImage,
  tags: readonly CoderTag[],
  tag: string,
  policy: DefaultTag,
  pinned: boolean,
): Removal {
  const others = tags.filter(other => other.tag !== tag);
  if (others.length === tags.length) return { do: 'nothing' };
  if (pinned && image.default_tag?.tag === tag) return { do: 'keep' };
  if (others.length === 0) return { do: 'deprecate' };
  return {
    do: 'delete',
    nextDefault: image.default_tag?.tag === tag ? pickDefault(others, policy) : undefined,
  };
}

/** The next default: the highest version if the policy chooses by version and there is one, else the newest tag. */
function pickDefault(tags: readonly CoderTag[], policy: DefaultTag): string | undefined {
  const versions = tags.map(({ tag }) => tag).filter(tag => semver.valid(tag));
  if (policy === 'highest-semver' && versions.length > 0) return semver.rsort(versions)[0];
  const age = ({ hash_last_updated_at }: CoderTag) => Date.parse(hash_last_updated_at ?? '') || 0;
  return [...tags].sort((a, b) => age(b) - age(a))[0]?.tag;
}

/** Carries out a removal. @throws ServiceError `tag-in-use` and others */
export async function withdrawTag(
  coder: ClassicClient,
  image: CoderImage,
  { tag, words, pinned }: TargetedImage,
  lock: RepositoryLock,
  signal: AbortSignal,
): Promise<Withdrawn> {
  const tags = await coder.listTags(image.id, signal);
  const removal = planRemoval(image, tags, tag, words.defaultTag ?? 'first', pinned);
  switch (removal.do) {
    case 'keep':
      return { state: 'kept', note: "Coder keeps it: it is the image's default tag, which is pinned." };
    case 'deprecate':
      await coder.updateImage(image.id, { deprecated: true }, signal);
      lock.row.goneTag = tag;
      break;
    case 'delete':
      if (removal.nextDefault)
        await coder.updateImage(image.id, { default_tag: removal.nextDefault }, signal);
      await coder.deleteTag(image.id, tag, signal);
  }
  return { state: 'done' };
}
