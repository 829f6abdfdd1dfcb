import { inline } from '../parts/prose.tsx';
import { LIGHT_OF, State } from '../parts/state.tsx';
import { Time, useNow } from '../parts/time.tsx';
import { duration } from '../relative-time.ts';
import type { Image } from '../types.ts';

const HEADINGS: Readonly<Record<Image['state'], string>> = {
  imported: 'In Coder',
  pending: 'On its way',
  failed: 'Failed',
  skipped: 'Left out',
  removed: 'Gone',
};

/** The answer in one line, and why in one more. */
export function Verdict({ image }: { image: Image }) {
  const { registry, reference, state, reason, message, meaning, attempts, nextAttemptOn, latencyMs } = image;
  const isWaiting = reason === 'version-ready';
  const isRepeated = meaning?.startsWith(message.replace(/\.$/, ''));
  const says = !isRepeated && message;
  return (
    <section class={`verdict ${isWaiting ? 'wait' : LIGHT_OF[state]}`} aria-label="Verdict">
      <p class="quiet">
        {registry}/<strong class="name">{reference}</strong>
      </p>
      <h2>
        <State light={isWaiting ? 'wait' : (LIGHT_OF[state] ?? 'none')}>
          {isWaiting ? 'Ready, waits for a person' : HEADINGS[state]}
        </State>{' '}
        <code class="reason">{reason}</code>
      </h2>
      {meaning && <p>{inline(meaning)}</p>}
      {says && <p class={meaning ? 'said' : ''}>{inline(says)}</p>}
      <p class="quiet">
        {state === 'imported' && latencyMs !== undefined && `It took ${duration(latencyMs)} from the push. `}
        {nextAttemptOn && <NextAttempt on={nextAttemptOn} />}
        {attempts ? `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} so far. ` : ''}
        {state === 'failed' && 'The bridge does not try again until the next push, or until you replay it. '}
        Changed <Time of={image.updatedOn} />.
      </p>
    </section>
  );
}

/** The bridge looks once a minute for what is due. */
function NextAttempt({ on }: { on: string }) {
  const isDue = new Date(on) <= useNow();
  return isDue ? (
    <>The next attempt is due, and comes within a minute. </>
  ) : (
    <>
      Next attempt <Time of={on} />.{' '}
    </>
  );
}
