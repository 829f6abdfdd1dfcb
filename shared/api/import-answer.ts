import type { HttpResponseInit } from '@azure/functions';
import { unknownRegistry } from '../errors.ts';
import type { ImportResult } from '../images/import.ts';
import { formatReference } from '../policy/reference.ts';
import type { Registry } from '../records/registry.ts';
import { IMAGE, PENDING_IMAGE } from './examples.ts';
import { notImported } from './problem.ts';
import { RETRY_AFTER, retryAfter } from './retry-after.ts';
import { ImageView, imageView } from './views/image.ts';

/** The answers of a call that imports one image. */
export const IMPORT_ANSWERS = {
  200: {
    description: 'Coder had the tag already; `message` says what the call changed of its image.',
    body: ImageView,
    example: IMAGE,
  },
  201: {
    description: 'It was imported.',
    body: ImageView,
    headers: { location: 'Its path.' },
    example: IMAGE,
  },
  202: {
    description: 'It is pending.',
    body: ImageView,
    headers: { location: 'Where the image record is.', ...RETRY_AFTER },
    example: PENDING_IMAGE,
  },
};

/** The image record, or a problem with the reason why the image is not in Coder. */
export function importAnswer(
  { record, changed, registry }: ImportResult & { registry: Registry },
  now: Date,
): HttpResponseInit {
  // The registry was deleted during the import.
  if (!record) throw unknownRegistry(registry.name);
  if (record.state !== 'imported' && record.state !== 'pending') return notImported(record);
  const jsonBody = imageView(record, registry);
  const headers = { location: `/api/images/${registry.name}/${formatReference(record)}` };
  if (record.state === 'pending')
    return { status: 202, headers: { ...headers, ...retryAfter(record, now) }, jsonBody };
  return changed && record.reason !== 'already-in-coder'
    ? { status: 201, headers, jsonBody }
    : { status: 200, jsonBody };
}
