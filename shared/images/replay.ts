import { ConflictError } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import { type ImageReason, REASONS } from '../reasons.ts';
import type { StoredImage } from '../records/image.ts';
import type { Images } from '../records/images.ts';

interface ReplayServices {
  images: Images;
  now: () => Date;
}

/** Records that are written at once. */
const AT_ONCE = 16;

/**
 * Makes every unfinished image of a registry due now, with all its attempts before it; the sweep does the rest.
 *
 * @param reason only those that are parked or waiting with it
 * @returns how many, and whether `signal` left others
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

/** False when somebody else is at the image. */
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
