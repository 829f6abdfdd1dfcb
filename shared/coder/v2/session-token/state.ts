import * as z from 'zod';
import { json } from '../../../azure/tables/row-codec.ts';

/** A token of the bridge's user that is deleted once Key Vault holds another. */
const OwnToken = z.object({
  name: z.string(),
  /** Known of one that was replaced; absent of one whose answer may have been lost. */
  id: z.string().optional(),
  /** When it was asked for, or replaced. */
  on: z.coerce.date(),
});
export type OwnToken = z.infer<typeof OwnToken>;

/** What the bridge remembers of its session token; all else is asked of Coder and Key Vault each time. */
export const TokenState = z.object({
  /** The token in Key Vault, and since when the bridge knows that it is there. */
  current: z.object({ id: z.string(), name: z.string(), since: z.coerce.date() }).optional(),
  /** Each is noted before it is asked for, so that none is left over when the answer is lost. */
  own: z.array(OwnToken).default([]),
  failure: z.object({ on: z.coerce.date(), reason: z.string(), message: z.string() }).optional(),
});
export type TokenState = z.infer<typeof TokenState>;

export const TokenRow = z.object({
  token: json(TokenState).prefault('{}'),
});
export type TokenRow = z.infer<typeof TokenRow>;
