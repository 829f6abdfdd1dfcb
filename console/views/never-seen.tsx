import { callCommand } from '../parts/call-command.ts';
import { Command } from '../parts/command.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { linkTo } from '../route.ts';
import type { Registry, Summary } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';
import { Explained } from './explained.tsx';
import { useImageActions } from './use-image-actions.ts';

interface NeverSeenProps {
  registry: Registry;
  repository: string;
  tag: string;
  reload(): void;
}

/** A tag of which there is no record: no event came, or it was pushed before the registry was added. */
export function NeverSeen({ registry, repository, tag, reload }: NeverSeenProps) {
  const { name } = registry;
  const one = { registry: name, repository, tag };
  const summary = useLoaded<Summary>('summary');
  const lastEventOn = summary.data?.registries.find(other => other.name === name)?.lastEventOn;
  const { act, explain, explanation, bring } = useImageActions(one, undefined, reload);
  return (
    <article>
      <section class="verdict none" aria-label="Verdict">
        <p class="quiet">
          {name}/
          <strong class="name">
            {repository}:{tag}
          </strong>
        </p>
        <h2>
          <State light="none">Never seen</State>
        </h2>
        <p>
          No event about this tag reached the bridge.{' '}
          {lastEventOn ? (
            <>
              The last event of {name} came <Time of={lastEventOn} />.
            </>
          ) : (
            `No event of ${name} has come yet.`
          )}
        </p>
      </section>
      <section class="remedy" aria-label="What to do">
        <h3>What to do</h3>
        <p>
          See what an import would do, and import it. If other pushes are missing too, reconcile the registry
          and check its events.
        </p>
        <Command text={callCommand('POST', 'images', one)} />
        <p>
          <a href={linkTo('reconcile', name)}>Reconcile the registry</a>
          <a href={linkTo('health', name)}>Check its events</a>
        </p>
      </section>
      <div class="buttons">
        <button type="button" class="primary" disabled={explain.busy} onClick={() => explain.run()}>
          Explain (dry run)
        </button>
        <button type="button" disabled={act.busy} onClick={bring}>
          Import
        </button>
      </div>
      <Outcome of={explain} />
      <Outcome of={act} />
      {explanation && <Explained explanation={explanation} />}
    </article>
  );
}
