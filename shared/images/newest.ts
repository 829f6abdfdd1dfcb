import type { ImageRecord } from '../records/image.ts';
import type { Images } from '../records/image-table.ts';

/** The image in Coder that was pushed last to a repository; a newer digest of its tag may be pending. */
export async function newestImage(
  images: Images,
  registry: string,
  repository: string,
): Promise<ImageRecord | undefined> {
  let newest: ImageRecord | undefined;
  for await (const record of images.ofRepository(registry, repository)) {
    const isInCoder = record.state === 'imported' || record.coderDigest !== undefined;
    if (isInCoder && isLater(record, newest)) newest = record;
  }
  return newest;
}

function isLater({ pushedOn }: ImageRecord, than: ImageRecord | undefined): boolean {
  return !than?.pushedOn || (pushedOn !== undefined && pushedOn > than.pushedOn);
}
