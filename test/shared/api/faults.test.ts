import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseInput } from '../../../shared/api/input.ts';
import type { Fault, RefusedError } from '../../../shared/errors.ts';

function faultsOf(schema: z.ZodType, value: unknown): readonly Fault[] {
  try {
    parseInput(schema, value);
    return [];
  } catch (error) {
    return (error as RefusedError).faults;
  }
}

test.each<[z.ZodType, unknown, string]>([
  [z.string(), undefined, 'is required'],
  [z.string(), 7, 'must be a string, not a number'],
  [z.string(), null, 'must be a string, not null'],
  [z.number(), '7', 'must be a number, not a string'],
  [z.int(), 1.5, 'must be a whole number, not a number'],
  [z.strictObject({}), [], 'must be an object, not an array'],
  [z.array(z.string()), {}, 'must be an array, not an object'],
  [z.enum(['a', 'b']), 'c', 'must be one of a, b'],
  [z.literal('a'), 'c', 'must be a'],
  [z.string().min(2), 'x', 'must have at least 2 characters'],
  [z.string().max(1), 'xy', 'must have at most 1 characters'],
  [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 items'],
  [z.number().min(1), 0, 'must be at least 1'],
  [z.number().positive(), 0, 'must be more than 0'],
  [z.number().lt(5), 5, 'must be less than 5'],
  [z.iso.datetime(), 'tomorrow', 'must be a time such as 2026-12-31T08:00:00Z'],
  [z.string().min(2, 'says so itself'), 'x', 'says so itself'],
])('%#: %j → %s', (schema, value, message) => {
  expect(faultsOf(z.strictObject({ field: schema }), { field: value })).toEqual([{ path: 'field', message }]);
});
