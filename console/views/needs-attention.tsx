import { useState } from 'preact/hooks';
import { splitAdvice } from '../advice.ts';
import { call } from '../api.ts';
import { Advice } from '../parts/advice.tsx';
import { callCommand } from '../parts/call-command.ts';
import { Command } from '../parts/command.tsx';
import { ImageRow } from '../parts/image-row.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { inline } from '../parts/prose.tsx';
import { Rows } from '../parts/rows.tsx';
import { Show } from '../parts/show.tsx';
import { LIGHT_OF, State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import type { Image, Page, Summary } from '../types.ts';
import { useAction } from '../use-action.ts';
import { useLoaded } from '../use-loaded.ts';
import { usePages } from '../use-pages.ts';

const EVERY_MS = 10_000;
/** These end without a person. */
const PASSING = new Set(['importing', 'replayed', 'coder-building', 'canary-running']);

interface Group {
  registry: string;
  state: string;
  reason: string;
  count: number;
}

/** Images that failed or wait, by reason: one remedy for each. */
export function NeedsAttention() {
  const summary = useLoaded<Summary>('summary', EVERY_MS);
  return (
    <>
      <h1 tabIndex={-1}>Needs attention</h1>
      <Show of={summary} what="what needs attention">
        {({ registries, asOf }) => {
          const groups = registries.flatMap(({ name, images }) =>
            images.byReason
              .filter(({ state }) => state === 'failed' || state === 'pending')
              .map(one => ({ registry: name, ...one })),
          );
          return (
            <>
              {groups.length === 0 ? (
                <AllWell />
              ) : (
                <Groups groups={groups.sort(worstFirst)} reload={summary.reload} />
              )}
              <p class="quiet">
                Counted <Time of={asOf} none="never" />; the bridge counts every minute.
              </p>
            </>
          );
        }}
      </Show>
    </>
  );
}

function AllWell() {
  return (
    <p class="note good">
      <State light="good">Nothing needs attention</State>. No image has failed, and none waits.
    </p>
  );
}

function worstFirst(one: Group, other: Group): number {
  const rank = ({ state, reason }: Group) => (PASSING.has(reason) ? 2 : state === 'failed' ? 0 : 1);
  return rank(one) - rank(other) || other.count - one.count;
}

function Groups({ groups, reload }: { groups: Group[]; reload(): void }) {
  return (
    <ul class="cards one">
      {groups.map(group => (
        <li key={`${group.registry} ${group.state} ${group.reason}`}>
          <ReasonGroup group={group} reload={reload} />
        </li>
      ))}
    </ul>
  );
}

function ReasonGroup({
  group: { registry, state, reason, count },
  reload,
}: {
  group: Group;
  reload(): void;
}) {
  const [isOpen, setOpen] = useState(false);
  const query = `images?registry=${registry}&state=${state}&reason=${reason}`;
  const first = useLoaded<Page<Image>>(`${query}&limit=1`);
  const body = { registry, reason };
  const replay = useAction(async () => {
    let replayed = 0;
    for (let isComplete = false; !isComplete; ) {
      const { data } = await call<{ replayed: number; complete: boolean }>('POST', 'images/replay', body);
      replayed += data.replayed;
      isComplete = data.complete;
    }
    reload();
    return `${replayed} ${replayed === 1 ? 'image is' : 'images are'} tried again within a minute.`;
  });
  const [image] = first.data?.items ?? [];
  return (
    <article class="card">
      <header>
        <h2>
          <State light={LIGHT_OF[state] ?? 'none'}>{state}</State> <code>{reason}</code>
        </h2>
        <span>
          {count.toLocaleString('en')} in {registry}
        </span>
      </header>
      {!first.data && !first.error && <p class="quiet">Loading what to do …</p>}
      {image?.meaning && <p>{inline(image.meaning)}</p>}
      {image?.remedy && (
        <>
          <strong>What to do</strong>
          <Advice of={splitAdvice(image.remedy)} />
        </>
      )}
      <div class="buttons">
        <button type="button" class="primary" disabled={replay.busy} onClick={() => replay.run()}>
          {`Replay all ${count.toLocaleString('en')}`}
        </button>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide the images' : 'Show the images'}
        </button>
      </div>
      <Outcome of={replay} />
      {isOpen && (
        <>
          <Command text={callCommand('POST', 'images/replay', body)} />
          <GroupImages path={query} label={`Images with the reason ${reason}`} />
        </>
      )}
    </article>
  );
}

function GroupImages({ path, label }: { path: string; label: string }) {
  const { items, more } = usePages<Image>(path, 200);
  return (
    <Rows items={items} keyOf={image => `${image.registry}/${image.reference}`} label={label} onEnd={more}>
      {image => <ImageRow image={image} />}
    </Rows>
  );
}
