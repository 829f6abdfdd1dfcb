import semver from 'semver';
import type { DefaultTag } from '../../policy.ts';
import type { ClassicClient } from './client.ts';
import type { CoderImage, CoderTag } from './schema.ts';

/** What is to be done so that Coder no longer offers a tag. */
export type Removal =
  | { do: 'nothing' }
  /** Coder does not delete an image's default tag, and so not its last one: nobody may start from the image then. */
  | { do: 'deprecate' }
  | { do: 'delete'; nextDefault: string | undefined };

/** Decides how a tag leaves an image; `tags` are those that Coder has. */
export function planRemoval(
  image: CoderImage,
  tags: readonly CoderTag[],
  tag: string,
  policy: DefaultTag,
): Removal {
  const others = tags.filter(other => other.tag !== tag);
  if (others.length === tags.length) return { do: 'nothing' };
  if (others.length === 0) return { do: 'deprecate' };
  return {
    do: 'delete',
    nextDefault: image.default_tag?.tag === tag ? pickDefault(others, policy) : undefined,
  };
}

/** The next default: the highest version where the policy goes by versions and there is one, else the newest tag. */
function pickDefault(tags: readonly CoderTag[], policy: DefaultTag): string | undefined {
  const versions = tags.map(({ tag }) => tag).filter(tag => semver.valid(tag));
  if (policy === 'highest-semver' && versions.length > 0) return semver.rsort(versions)[0];
  const age = ({ hash_last_updated_at }: CoderTag) => Date.parse(hash_last_updated_at ?? '') || 0;
  return [...tags].sort((a, b) => age(b) - age(a))[0]?.tag;
}

/** Carries a removal out. Says whether Coder keeps the tag, on an image that is deprecated. @throws ServiceError `tag-in-use` and others */
export async function removeTag(
  coder: ClassicClient,
  image: CoderImage,
  tag: string,
  policy: DefaultTag,
  signal: AbortSignal,
): Promise<boolean> {
  const removal = planRemoval(image, await coder.listTags(image.id, signal), tag, policy);
  if (removal.do === 'deprecate') await coder.updateImage(image.id, { deprecated: true }, signal);
  if (removal.do !== 'delete') return removal.do === 'deprecate';
  if (removal.nextDefault) await coder.updateImage(image.id, { default_tag: removal.nextDefault }, signal);
  await coder.deleteTag(image.id, tag, signal);
  return false;
}
