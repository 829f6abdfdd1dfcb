import * as z from 'zod';
import { json, word } from '../azure/tables/row-codec.ts';
import { MemoView, RequestWords } from '../coder/words.ts';
import { type ImageReason, STATES } from '../reasons.ts';

/** How the bridge learned of a push: by an event, by a reconciliation, or by a person's request. */
const HeardBy = z.enum(['event', 'reconciliation', 'request']);
export type HeardBy = z.infer<typeof HeardBy>;

/** A push that the registry may not show yet. */
const AwaitedPush = z.object({
  /** The digest that was pushed, if the event named it. */
  digest: z.string().exactOptional(),
  /** When to stop waiting for it; absent until a look found something else. */
  until: z.coerce.date().exactOptional(),
});
export type AwaitedPush = z.infer<typeof AwaitedPush>;

/** What a target remembers. Only the target knows all of it. */
const Memo = z.looseObject(MemoView.shape);

/** The image record of one `registry / repository:tag`. Times are UTC. */
export const ImageRecord = z.object({
  /** The bridge's name of the registry. */
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  state: z.enum(STATES),
  reason: word<ImageReason>(),
  /** What happened last, in one sentence. */
  message: z.string(),
  /** What a person must do, where the reason alone does not say it. */
  remedy: z.string().exactOptional(),
  /** Digest in the registry when the outcome was decided; with `imported`, the one that Coder has. */
  digest: z.string().exactOptional(),
  /** Failed attempts so far; 0 unless `pending` or `failed`. */
  attempts: z.number(),
  /** When a `pending` import is tried again. */
  dueOn: z.date().exactOptional(),
  /** The latest push that the bridge knows, and how it learned of it; absent when no tag was ever seen there. */
  pushedOn: z.date().exactOptional(),
  heardBy: HeardBy,
  /** That push, while the registry may not show it yet. */
  awaited: json(AwaitedPush).exactOptional(),
  /** The platforms, comma-separated, of an image that is left out because of them. */
  platforms: z.string().exactOptional(),
  updatedOn: z.date(),
  importedOn: z.date().exactOptional(),
  /** Time from that push until Coder had the image, in ms; only for pushes with an event. */
  latencyMs: z.number().exactOptional(),
  /** The target's memo about the image, as the target gave it; absent unless Coder may have the image. */
  memo: json(Memo).exactOptional(),
  /** The digest that Coder shows: for an image of several platforms it may be that of one of them. */
  coderDigest: z.string().exactOptional(),
  /** The values that a person gave who imported it by hand; they override the rule and the labels. */
  requested: json(RequestWords).exactOptional(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

/** A record as it was read, with the ETag that its next change must have. */
export type StoredImage = ImageRecord & { etag: string };
