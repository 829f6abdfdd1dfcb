import * as z from 'zod';

// Schemas of views describe answers as JSON, for the OpenAPI document and the tests that hold the app to it. The
// functions beside them may give undefined and dates: JSON leaves out the former, and has text for the latter.

export const Time = z.iso.datetime();

export const Count = z.int().min(0);

export function counts<K extends string>(keys: readonly K[]) {
  return z.partialRecord(z.enum(keys), Count);
}
