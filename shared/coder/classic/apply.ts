import { setTimeout as delay } from 'node:timers/promises';
import { ConflictError, ServiceError } from '../../errors.ts';
import type { Reference } from '../../policy/reference.ts';
import type { Applied, WantedImage } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { becomesDefault } from './default-tag.ts';
import { defaultsOf } from './defaults.ts';
import type { RepositoryLock } from './memory.ts';
import { planImage, sayChanged, toCoderFields } from './plan.ts';
import { explainRefusal, type PullingOptions, whilePulling } from './pulling.ts';
import type { ClassicRegistries } from './registries.ts';
import type { CoderImage, CoderTag } from './schema.ts';
import type { ImageDefaults } from './words.ts';

export interface ApplyOptions extends PullingOptions {
  coder: ClassicClient;
  registries: ClassicRegistries;
  /** Least resources of a new image when neither rule nor labels set them. */
  fallback: ImageDefaults;
  /** The last push of a tag that the bridge knows. */
  lastPush(registry: string, image: Reference): Promise<Date | undefined>;
}

const REASON_OF = { add: 'tag-added', refresh: 'tag-refreshed', keep: 'already-in-coder' } as const;

/** Waits between reads of a tag that Coder refreshes, in milliseconds: 3 s in all. */
const REFRESH_WAITS_MS = [100, 200, 400, 800, 1_500];

/** Imports a repository with its first tag; the same call adds the registry if Coder does not have it. */
export async function createImage(
  options: ApplyOptions,
  image: WantedImage,
  lock: RepositoryLock,
  signal: AbortSignal,
): Promise<Applied> {
  const { coder, registries, fallback } = options;
  const { registry, repository, tag } = image;
  const organizationId = registries.organizationOf(registry);
  const fields = toCoderFields({ ...fallback, ...defaultsOf(image) });
  const created = await registries.withRegistry(registry, signal, source =>
    whilePulling(options, registry, signal, () =>
      coder.createImage({ ...source, org_id: organizationId, repository, tag, ...fields }, signal),
    ),
  );
  Object.assign(lock.row, { coderId: created.id, organizationId });
  return applied('image-created', created.id, created.default_tag?.latest_hash);
}

/** Adds the tag to an image that Coder has, or refreshes it, and sets what the rule says about the image. */
export async function updateImage(
  options: ApplyOptions,
  existing: CoderImage,
  image: WantedImage,
  lock: RepositoryLock,
  signal: AbortSignal,
): Promise<Applied> {
  const { coder, registries } = options;
  const { registry } = image;
  const tag = await coder.getTag(existing.id, image.tag, signal);
  const currentDefault = existing.default_tag?.tag;
  // The bridge deprecated this image because its last tag was deleted; this tag replaces that one.
  const { goneTag } = lock.row;
  const replaces = goneTag !== undefined && goneTag !== image.tag;
  const moves = await movesDefault(options, image, currentDefault);
  const makeDefault = replaces || (moves && !image.pinned);
  // The last holder of the lock may have deprecated the image, and crashed before it recorded that.
  const restore = goneTag !== undefined || lock.wasAbandoned;
  const wanted = { ...image, defaults: defaultsOf(image), makeDefault, restore };
  const plan = planImage({ image: existing, tag, wanted });

  if (plan.tag !== 'keep') await registries.deliverCredential(registry, existing.registry?.id, signal);
  let digest = tag?.latest_hash;
  if (plan.tag === 'add') {
    const add = () => coder.addTag(existing.id, image.tag, makeDefault, signal);
    digest = (await whilePulling(options, registry, signal, add)).latest_hash;
  }
  if (plan.tag === 'refresh') digest = await refresh(options, existing.id, tag as CoderTag, image, signal);
  if (plan.change) await coder.updateImage(existing.id, plan.change, signal);
  if (replaces) await removeLeftover(coder, existing.id, goneTag, signal);
  delete lock.row.goneTag;
  const isPinned = moves && !makeDefault && currentDefault !== undefined;
  const pinned = isPinned ? `The default tag stays ${currentDefault}, because it is pinned.` : undefined;
  const note = [sayChanged(existing, plan.change), pinned].filter(Boolean).join(' ');
  return applied(REASON_OF[plan.tag], existing.id, digest, note);
}

function applied(
  reason: (typeof REASON_OF)[keyof typeof REASON_OF] | 'image-created',
  coderImageId: string,
  digest: string | null | undefined,
  note?: string,
): Applied {
  return { state: 'done', reason, memo: { coderImageId }, ...(digest && { digest }), ...(note && { note }) };
}

/** Coder answers before it has read the digest, so this polls until it has, and returns the digest that Coder shows. */
async function refresh(
  options: ApplyOptions,
  imageId: string,
  before: CoderTag,
  image: WantedImage,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  const { coder } = options;
  await coder.refreshTags(imageId, signal);
  for (const wait of REFRESH_WAITS_MS) {
    await delay(wait, undefined, { signal }).catch(() => undefined);
    const shown = (await coder.getTag(imageId, image.tag, signal))?.latest_hash;
    if (image.digests.includes(shown ?? '')) return shown;
    if (!shown || shown === before.latest_hash) continue;
    // It is not documented which digest Coder keeps of an index, so any change there counts as a refresh.
    if (image.digests.length > 1) return shown;
    throw new ConflictError('The tag moved on while Coder read it.');
  }
  await explainRefusal(options, image.registry, signal);
  throw new ServiceError(
    'coder-cannot-pull',
    'Coder accepted the refresh of the tag, but still has its old digest.',
  );
}

/** Deletes the tag; if workspaces still use it, a later reconciliation tries again. */
async function removeLeftover(
  coder: ClassicClient,
  imageId: string,
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  await coder.deleteTag(imageId, tag, signal).catch((error: unknown) => {
    if (!(error instanceof ServiceError && error.reason === 'tag-in-use')) throw error;
  });
}

async function movesDefault(
  { lastPush }: ApplyOptions,
  { registry, repository, tag, words, pushedOn }: WantedImage,
  current: string | undefined,
): Promise<boolean> {
  const becomes = becomesDefault(words.defaultTag ?? 'first', tag, current);
  if (becomes !== 'if-newer') return becomes;
  // A push that the bridge does not know, such as one before its deployment, counts as older than those it knows.
  const other = await lastPush(registry.name, { repository, tag: current as string });
  return other === undefined || pushedOn >= other;
}
