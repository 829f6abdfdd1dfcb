import { useState } from 'preact/hooks';
import { Outcome } from '../parts/outcome.tsx';
import { whereIs } from '../reasons.ts';
import type { Image, TemplateName } from '../types.ts';
import { Explained } from './explained.tsx';
import { type ImageActions, useImageActions } from './use-image-actions.ts';

interface ButtonsProps {
  image: Image;
  template: TemplateName | undefined;
  reload(): void;
}

/** What helps: the button of the remedy first. */
export function ImageButtons({ image, template, reload }: ButtonsProps) {
  const actions = useImageActions(image, template, reload);
  const [asks, setAsks] = useState(false);
  const { act, explain, explanation } = actions;
  const isIn = image.state === 'imported' && image.reason !== 'version-ready';
  return (
    <section aria-label="Actions">
      <div class="buttons">
        {helping(image, template, actions).map(({ label, run }, i) => (
          <button
            key={label}
            type="button"
            class={i === 0 ? 'primary' : ''}
            disabled={act.busy}
            onClick={run}
          >
            {label}
          </button>
        ))}
        <button type="button" disabled={explain.busy} onClick={() => explain.run()}>
          Explain
        </button>
        {isIn && template && !asks && (
          <button type="button" disabled={act.busy} onClick={() => setAsks(true)}>
            Roll back …
          </button>
        )}
        {act.busy && (
          <span class="quiet" role="status">
            Working …
          </span>
        )}
      </div>
      {asks && template && (
        <RollBack
          template={template.template}
          onGo={() => {
            setAsks(false);
            actions.rollBack();
          }}
          onCancel={() => setAsks(false)}
        />
      )}
      <Outcome of={act} />
      <Outcome of={explain} />
      {explanation && <Explained explanation={explanation} />}
    </section>
  );
}

interface Button {
  label: string;
  run(): void;
}

function helping(
  { state, reason }: Image,
  template: TemplateName | undefined,
  actions: ImageActions,
): Button[] {
  const [, ...help] = whereIs(reason);
  const { promote, replay, bring, reconcile } = actions;
  return [
    ...(help.includes('promote') && template ? [{ label: 'Promote', run: promote }] : []),
    ...(help.includes('replay') && state !== 'imported' ? [{ label: 'Replay', run: replay }] : []),
    ...(help.includes('reconcile') ? [{ label: 'Reconcile the registry', run: reconcile }] : []),
    // A person may bring what no rule does; what failed or waits is replayed.
    ...(help.includes('import') || state === 'skipped' ? [{ label: 'Import', run: bring }] : []),
  ];
}

function RollBack({ template, onGo, onCancel }: { template: string; onGo(): void; onCancel(): void }) {
  return (
    <section class="note wait" aria-label="Roll back">
      <p>
        {template} goes back to the version that was active before. This image stays away until another digest
        is pushed, or it is replayed.
      </p>
      <div class="buttons">
        <button type="button" class="primary" onClick={onGo}>
          Roll {template} back
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </section>
  );
}
