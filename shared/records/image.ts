import * as z from 'zod';
import { json, word } from '../azure/row-codec.ts';
import type { Memo } from '../coder/target.ts';
import type { RequestWords } from '../coder/words.ts';
import { type ImageReason, STATES } from '../reasons.ts';

/** How we heard of a push: events tell of pushes; a comparison finds what no event told. */
const HeardBy = z.enum(['event', 'reconciliation', 'request']);
export type HeardBy = z.infer<typeof HeardBy>;

/** A push that the registry may not show yet. */
export interface AwaitedPush {
  /** What was pushed, if the event named it. */
  digest?: string;
  /** When to stop looking for it; absent until a look found something else. */
  until?: Date;
}

function parseAwaited(text: string): AwaitedPush {
  const { digest, until } = JSON.parse(text);
  return { ...(digest && { digest }), ...(until && { until: new Date(until) }) };
}

/** What we know of one `registry / repository:tag`. Times are UTC. */
export const ImageRecord = z.object({
  /** Name of the registry, ours. */
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  state: z.enum(STATES),
  reason: word<ImageReason>(),
  /** What happened this time, in one sentence. */
  message: z.string(),
  /** Digest that the registry had when the outcome was decided; with `imported`, the one that Coder has. */
  digest: z.string().exactOptional(),
  /** Failed attempts so far; 0 unless `pending` or `failed`. */
  attempts: z.number(),
  /** When a `pending` import is tried again. */
  dueOn: z.date().exactOptional(),
  /** The latest push that we heard of, and how. */
  pushedOn: z.date(),
  heardBy: HeardBy,
  /** That push, while the registry may not show it yet. */
  awaited: json(parseAwaited).exactOptional(),
  /** What an image is for, comma-separated, that is left out because of it. */
  platforms: z.string().exactOptional(),
  updatedOn: z.date(),
  importedOn: z.date().exactOptional(),
  /** From that push to the moment when Coder had the image, in ms; only of pushes that an event told of. */
  latencyMs: z.number().exactOptional(),
  /** What the target remembers of it, as the target gave it; absent unless Coder may have it. */
  memo: json<Memo>().exactOptional(),
  /** The digest that Coder shows of it: for an image of several platforms it may be that of one of them. */
  coderDigest: z.string().exactOptional(),
  /** What a person asked for who imported it by hand; it goes before the rule and the labels. */
  requested: json<RequestWords>().exactOptional(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

/** A record as it was read, with the ETag that its next change must carry. */
export type StoredImage = ImageRecord & { etag: string };
