import * as z from 'zod';
import {
  ClassicMemo,
  ClassicRegistryColumns,
  ClassicRegistryWords,
  ClassicRuleWords,
  ImageDefaults,
} from './classic/words.ts';

// What a person may say to each target. To add a target, add its words to each object.

/** Words about a registry. */
export const RegistryWords = z.object({ ...ClassicRegistryWords.shape });
export type RegistryWords = z.infer<typeof RegistryWords>;

/** The columns of a registry's row for these words. */
export const RegistryColumns = z.object({ ...ClassicRegistryColumns.shape });

/** Words about the images that a rule matches. */
export const RuleWords = z.object({ ...ClassicRuleWords.shape });
export type RuleWords = z.infer<typeof RuleWords>;

/** Words about one image that a person imports by hand; kept for later pushes of its tag. */
export const RequestWords = z.strictObject({ ...ImageDefaults.shape });
export type RequestWords = z.infer<typeof RequestWords>;

/** The part of a target's memo about an image that the API shows. */
export const MemoView = z.object({ ...ClassicMemo.shape });
