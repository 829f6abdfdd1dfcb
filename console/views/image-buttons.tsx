import { useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { Outcome } from '../parts/outcome.tsx';
import { whereIs } from '../reasons.ts';
import type { Explanation, Image, Template } from '../types.ts';
import { useAction } from '../use-action.ts';
import { Explained } from './explained.tsx';

interface ButtonsProps {
  image: Image;
  template: Template | undefined;
  reload(): void;
}

/** What helps: the button of the remedy first. */
export function ImageButtons({ image, template, reload }: ButtonsProps) {
  const { registry, repository, tag, state, reason } = image;
  const one = { registry, repository, tag };
  const [explanation, setExplanation] = useState<Explanation>();
  const [asks, setAsks] = useState(false);
  const [, ...help] = whereIs(reason);
  const path = template && `templates/${template.organization}/${template.template}`;

  const explain = useAction(async () => {
    setExplanation((await call<Explanation>('POST', 'images?dryRun=true', one)).data);
    return undefined;
  });
  const act = useAction(async (what: () => Promise<string>) => {
    setExplanation(undefined);
    try {
      return await what();
    } finally {
      reload();
    }
  });

  const replay = () => act.run(async () => endOf((await call<Image>('POST', 'images/replay', one)).data));
  const bring = () => act.run(() => importImage(one));
  const reconcile = () =>
    act.run(async () => {
      await call('POST', `registries/${registry}/reconcile`);
      return `The reconciliation of ${registry} has started.`;
    });
  const promote = () =>
    act.run(async () => {
      await call('POST', `${path}/promote`);
      return `The version of ${template?.template} is promoted.`;
    });
  const rollBack = () => {
    setAsks(false);
    return act.run(async () => {
      const { data } = await call<Template>('POST', `${path}/rollback`);
      return `${template?.template} is back at ${data.active?.version}; this image is held.`;
    });
  };

  const isIn = state === 'imported' && reason !== 'version-ready';
  const buttons: [show: boolean, label: string, run: () => void][] = [
    [help.includes('promote') && path !== undefined, 'Promote', promote],
    [help.includes('replay') && state !== 'imported', 'Replay', replay],
    [help.includes('import'), 'Import', bring],
    [help.includes('reconcile'), 'Reconcile the registry', reconcile],
    // A person may bring what no rule does; what failed or waits is replayed.
    [state === 'skipped' && !help.includes('import'), 'Import', bring],
  ];
  const shown = buttons.filter(([show]) => show);
  return (
    <section aria-label="Actions">
      <div class="buttons">
        {shown.map(([, label, run], i) => (
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
        {isIn && path && !asks && (
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
      {asks && (
        <section class="note wait" aria-label="Roll back">
          <p>
            {template?.template} goes back to the version that was active before. This image stays away until
            another digest is pushed, or it is replayed.
          </p>
          <div class="buttons">
            <button type="button" class="primary" onClick={rollBack}>
              Roll {template?.template} back
            </button>
            <button type="button" onClick={() => setAsks(false)}>
              Cancel
            </button>
          </div>
        </section>
      )}
      <Outcome of={act} />
      <Outcome of={explain} />
      {explanation && <Explained explanation={explanation} />}
    </section>
  );
}

function endOf({ state, reason }: Image): string {
  return `Tried again: it is ${state}, \`${reason}\`.`;
}

/** The record shows why an image did not arrive, so that it is no failure of the call. */
export async function importImage(one: {
  registry: string;
  repository: string;
  tag: string;
}): Promise<string> {
  try {
    const { state, reason } = (await call<Image>('POST', 'images', one)).data;
    return `It is ${state}, \`${reason}\`.`;
  } catch (error) {
    if (error instanceof ApiError && error.status === 422 && error.problem?.image) {
      return `It did not arrive: \`${error.problem.reason}\`.`;
    }
    throw error;
  }
}
