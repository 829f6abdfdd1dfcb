import * as z from 'zod';

// Schemas of views describe answers as JSON, for the OpenAPI document and the tests that compare the app with it. The
// functions next to them may return undefined and dates: JSON drops undefined, and turns dates into text.

export const Time = z.iso.datetime();

export const Count = z.int().min(0);

export function counts<K extends string>(keys: readonly K[]) {
  return z.partialRecord(z.enum(keys), Count);
}
