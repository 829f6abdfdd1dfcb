import { HclError } from '../hcl/error.ts';
import { isMap, textOf, UNKNOWN } from '../hcl/value.ts';
import type { Evaluation } from './evaluation.ts';

/** Tags of `coder_workspace_tags`, and for each that cannot be told why. */
export interface WorkspaceTags {
  tags: Record<string, string>;
  faults: Record<string, string>;
}

const NOT_KNOWN = 'Tag value is not known, it likely refers to a variable that is not set or has no default.';

/** Never throws for what is wrong in the template: it is told in `faults`. */
export function workspaceTagsOf(evaluation: Evaluation): WorkspaceTags {
  const result: WorkspaceTags = { tags: {}, faults: {} };
  try {
    for (const { value } of evaluation.data('coder_workspace_tags')) {
      const tags = value.tags;
      if (tags === undefined || !isMap(tags)) {
        result.faults.tags = NOT_KNOWN;
        continue;
      }
      for (const [name, tag] of Object.entries(tags)) {
        const text = textOf(tag);
        if (text !== undefined) result.tags[name] = text;
        else result.faults[name] = tag === UNKNOWN ? NOT_KNOWN : 'Tag value must be a string.';
      }
    }
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    result.faults.tags = error.message;
  }
  return result;
}
