import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { firstFaults } from '../../../shared/lib/first-faults.ts';
import { shorten } from '../../../shared/lib/shorten.ts';

test('a text is never longer than it may be, and begins as it did, with whole characters', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.integer({ min: 1, max: 50 }),
      (text, longest) => {
        const short = shorten(text, longest);
        expect(short.length).toBeLessThanOrEqual(longest);
        expect(() => encodeURIComponent(short)).not.toThrow();
        expect(text.startsWith(short.replace(/…$/, ''))).toBe(true);
        if (text.length <= longest) expect(short).toBe(text);
      },
    ),
  );
});

test('of many faults the first few are told, and how many there are', () => {
  const { error } = z.array(z.object({ id: z.string() })).safeParse(Array(300).fill({}));
  const text = firstFaults(error as z.ZodError);

  expect(text).toContain('[4].id');
  expect(text).not.toContain('[5].id');
  expect(text).toContain('and 295 more');
  expect(text.length).toBeLessThan(600);
});

test('a fault with a long name is cut', () => {
  const { error } = z.strictObject({}).safeParse({ ['x'.repeat(40_000)]: 1 });

  expect(firstFaults(error as z.ZodError).length).toBeLessThan(600);
});
