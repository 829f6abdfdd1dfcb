import * as z from 'zod';
import {
  ClassicMemo,
  ClassicRegistryColumns,
  ClassicRegistryWords,
  ClassicRuleWords,
  ImageDefaults,
} from './classic/words.ts';

// What a person may say to the targets, each in its own words. A new target is one more spread in each.

/** Of a registry. */
export const RegistryWords = z.object({ ...ClassicRegistryWords.shape });
export type RegistryWords = z.infer<typeof RegistryWords>;

/** As a registry's row keeps them. */
export const RegistryColumns = z.object({ ...ClassicRegistryColumns.shape });

/** Of the images that a rule matches. */
export const RuleWords = z.object({ ...ClassicRuleWords.shape });
export type RuleWords = z.infer<typeof RuleWords>;

/** Of one image that a person imports by hand; kept for later pushes of its tag. */
export const RequestWords = z.strictObject({ ...ImageDefaults.shape });
export type RequestWords = z.infer<typeof RequestWords>;

/** What a target remembers of an image, as far as the API shows it. */
export const MemoView = z.object({ ...ClassicMemo.shape });
