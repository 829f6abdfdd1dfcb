import type { ApiError } from '../api.ts';
import { Failure } from './failure.tsx';
import { inline } from './prose.tsx';

/** What a button did, beside the button. A screen reader says it. */
export function Outcome({ of }: { of: { done?: string | undefined; error?: ApiError | undefined } }) {
  return (
    <div aria-live="polite">
      {of.error && <Failure error={of.error} />}
      {of.done && <p class="note good">{inline(of.done)}</p>}
    </div>
  );
}
