import type { Verdict } from '../policy/policy.ts';
import { decideImage, notOffered } from './decide-image.ts';
import { decideNotShown } from './decide-shown.ts';
import { classifyManifest } from './manifest.ts';
import { whySkipped } from './skipped.ts';
import { type ImportFacts, type ImportStep, leaveOut, settle, type Withdraw } from './step.ts';

export const NO_SUCH_TAG = 'The registry has no such tag.';

/** Decides from facts alone, so that a table can test every case. */
export function decideImport(facts: ImportFacts): ImportStep {
  const step = decideUnlocked(facts);
  if (step.do === 'withdraw' && facts.onlyToImport) return notWithdrawn(step);
  const changes = step.do === 'apply' || step.do === 'withdraw';
  return changes && !facts.isLocked ? { do: 'lock' } : step;
}

function decideUnlocked(facts: ImportFacts): ImportStep {
  const { verdict, found, record, inDoubt } = facts;
  if (verdict.action === 'skip') {
    const left = { reason: verdict.reason, message: whySkipped(verdict) };
    return leaveOut(left, verdict.withdraw, facts);
  }
  if (found === undefined) return { do: 'read-manifest' };
  const notShown = decideNotShown(facts);
  if (notShown) return notShown;
  if (found === null) return decideGone(verdict, facts);
  if (!inDoubt && record?.state === 'imported' && record.digest === found.digest) return { do: 'nothing' };

  const { rule } = verdict;
  const manifest = classifyManifest(found.manifest, found.mediaType);
  if (manifest.kind === 'other') return notOffered(manifest, rule, facts);
  return decideImage(rule, found.digest, manifest, facts);
}

function decideGone({ rule }: Extract<Verdict, { action: 'import' }>, facts: ImportFacts): ImportStep {
  if (rule?.onDelete !== 'remove') return settle({ reason: 'gone', message: NO_SUCH_TAG }, facts);
  const { record, inDoubt } = facts;
  const isRemoved = !inDoubt && record?.reason === 'removed-from-coder' && !record.dueOn;
  const message = 'The registry has no such tag, and Coder no longer offers it.';
  return isRemoved ? { do: 'nothing' } : { do: 'withdraw', reason: 'removed-from-coder', message };
}

/** Records why an image is not imported, and leaves the target as it is. */
function notWithdrawn({ do: _, ...left }: Withdraw): ImportStep {
  if (left.reason === 'removed-from-coder') return { do: 'record', reason: 'gone', message: NO_SUCH_TAG };
  return { do: 'record', ...left };
}
