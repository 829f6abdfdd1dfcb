import { ConflictError } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import { type ImageReason, REASONS } from '../reasons.ts';
import type { StoredImage } from '../records/image.ts';
import type { Images } from '../records/image-table.ts';

interface ReplayServices {
  images: Images;
  now: () => Date;
}

/** Number of records that are written at once. */
const AT_ONCE = 16;

/**
 * Makes every `failed` or `pending` image of a registry due now, with no attempts counted; the sweep tries them again.
 *
 * @param reason limits this to the images with that reason
 * @returns how many images, and whether that is all of them: `signal` may have stopped it early
 */
export async function replay(
  { images, now }: ReplayServices,
  registry: string,
  reason: ImageReason | undefined,
  signal: AbortSignal,
): Promise<{ replayed: number; complete: boolean }> {
  let replayed = 0;
  await forEachAtMost(AT_ONCE, images.unfinished(registry, reason), async image => {
    if (!signal.aborted && (await makeDue(images, image, now()))) replayed += 1;
  });
  return { replayed, complete: !signal.aborted };
}

/** False when another worker changed the image in between. */
async function makeDue(images: Images, { etag, ...image }: StoredImage, now: Date): Promise<boolean> {
  const reason = 'replayed';
  const due = { ...image, state: 'pending', reason, message: REASONS[reason].meaning } as const;
  try {
    await images.save({ ...due, attempts: 0, dueOn: now, updatedOn: now }, { ...image, etag });
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}
