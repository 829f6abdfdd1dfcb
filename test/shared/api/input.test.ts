import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseInput } from '../../../shared/api/input.ts';
import type { RefusedError } from '../../../shared/errors.ts';

function faultsOf(schema: z.ZodType, value: unknown) {
  try {
    parseInput(schema, value);
    return [];
  } catch (error) {
    return (error as RefusedError).faults;
  }
}

test('the first twenty faults are told, and how many more there are', () => {
  const faults = faultsOf(z.array(z.string()), Array(500).fill(1));

  expect(faults).toHaveLength(21);
  expect(faults[19]).toEqual({ path: '[19]', message: 'must be a string, not a number' });
  expect(faults[20]).toEqual({ path: '', message: 'and 480 more' });
  expect(faultsOf(z.array(z.string()), Array(20).fill(1))).toHaveLength(20);
});

test('a field whose name is long is named by its beginning', () => {
  const [fault] = faultsOf(z.strictObject({}), { ['x'.repeat(40_000)]: 1 });

  expect(fault?.path).toMatch(/^x{499}…$/);
});
