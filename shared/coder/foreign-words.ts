import type * as z from 'zod';
import type { Fault } from '../errors.ts';
import type { DeclaredRegistry } from './target.ts';

/** The words of a target that the bridge is not set up for. */
export interface ForeignWords {
  registry: z.ZodObject;
  rule: z.ZodObject;
  /** As CODER_GENERATION calls them. */
  generation: { theirs: string; ours: string };
}

/** The words in a declaration that mean nothing to this target. */
export function findForeignWords(
  declared: DeclaredRegistry,
  { registry, rule, generation }: ForeignWords,
): Fault[] {
  const message = foreignWord(generation);
  return [
    ...wordsIn(declared, registry).map(word => ({ path: word, message })),
    ...declared.policy.rules.flatMap((each, i) =>
      wordsIn(each, rule).map(word => ({ path: `policy.rules[${i}].${word}`, message })),
    ),
  ];
}

/** What is wrong with such a word. */
export function foreignWord({ theirs, ours }: ForeignWords['generation']): string {
  return `is a word for CODER_GENERATION ${theirs}, and this bridge is set up for ${ours}`;
}

function wordsIn(said: object, words: z.ZodObject): string[] {
  return Object.entries(said).flatMap(([word, value]) =>
    word in words.shape && value !== undefined ? [word] : [],
  );
}
