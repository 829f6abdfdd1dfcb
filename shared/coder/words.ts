import * as z from 'zod';
import {
  ClassicMemo,
  ClassicRegistryColumns,
  ClassicRegistryWords,
  ClassicRuleWords,
  ImageDefaults,
} from './classic/words.ts';
import { V2Memo, V2RegistryColumns, V2RegistryWords, V2RuleWords } from './v2/words.ts';

// What a person may say to each target. To add a target, add its words to each object.

/** Of a registry. */
export const RegistryWords = z.object({ ...ClassicRegistryWords.shape, ...V2RegistryWords.shape });
export type RegistryWords = z.infer<typeof RegistryWords>;

/** As a registry's row keeps them. */
export const RegistryColumns = z.object({ ...ClassicRegistryColumns.shape, ...V2RegistryColumns.shape });

/** Of the images that a rule matches. */
export const RuleWords = z.object({ ...ClassicRuleWords.shape, ...V2RuleWords.shape });
export type RuleWords = z.infer<typeof RuleWords>;

/** Words about one image that a person imports by hand; kept for later pushes of its tag. */
export const RequestWords = z.strictObject({ ...ImageDefaults.shape });
export type RequestWords = z.infer<typeof RequestWords>;

/** What a target remembers of an image, as far as the API shows it. */
export const MemoView = z.object({ ...ClassicMemo.shape, ...V2Memo.shape });
