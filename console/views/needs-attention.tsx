import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { type Group, groupsIn, groupsOf, keyOf } from '../attention.ts';
import { Outcome } from '../parts/outcome.tsx';
import { Show } from '../parts/show.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import type { Image, Summary } from '../types.ts';
import { useAction } from '../use-action.ts';
import { loadAll, useLoaded } from '../use-loaded.ts';
import { ReasonGroup } from './reason-group.tsx';

const EVERY_MS = 10_000;
/** To find the failed ones the bridge reads every record: of more than these it shows its last count. */
const MOST_READ = 5_000;

/** Images that failed or wait, by reason: one remedy for each. */
export function NeedsAttention() {
  const summary = useLoaded<Summary>('summary', EVERY_MS);
  return (
    <>
      <h1 tabIndex={-1}>Needs attention</h1>
      <Show of={summary} what="what needs attention">
        {data =>
          data.images.total > MOST_READ ? <Counted summary={data} reload={summary.reload} /> : <Present />
        }
      </Show>
    </>
  );
}

/** As the records are at this moment. */
function Present() {
  const images = useLoaded<Image[]>('images?state=failed,pending', EVERY_MS, loadAll);
  return (
    <Show of={images} what="what needs attention">
      {data => <Groups groups={groupsOf(data)} asOf={images.since?.toISOString()} reload={images.reload} />}
    </Show>
  );
}

function Counted({ summary, reload }: { summary: Summary; reload(): void }) {
  return (
    <>
      <Groups groups={groupsIn(summary)} asOf={summary.asOf} reload={reload} />
      <p class="quiet">
        Counted <Time of={summary.asOf} none="never" />; the bridge counts every minute.
      </p>
    </>
  );
}

interface GroupsProps {
  groups: readonly Group[];
  /** ISO time of what is shown. */
  asOf: string | undefined;
  reload(): void;
}

function Groups({ groups, asOf, reload }: GroupsProps) {
  /** The times of the counts in which those that were replayed still stand as they were. */
  const [replayed, setReplayed] = useState<Record<string, string | undefined>>({});
  const replay = useAction(async (group: Group) => {
    const count = await replayAll(group);
    setReplayed(before => ({ ...before, [keyOf(group)]: asOf }));
    reload();
    if (count === 0) return 'No image has this reason any more.';
    return `${count} ${count === 1 ? 'image is' : 'images are'} tried again within a minute.`;
  });
  const isReplayed = (group: Group) => asOf !== undefined && replayed[keyOf(group)] === asOf;
  return (
    <>
      <Outcome of={replay} />
      {groups.length === 0 && (
        <p class="note good">
          <State light="good">Nothing needs attention</State>. No image has failed, and none waits.
        </p>
      )}
      <ul class="cards one">
        {groups.map(group => (
          <li key={keyOf(group)}>
            <ReasonGroup
              group={group}
              isBusy={replay.busy || isReplayed(group)}
              onReplay={() => replay.run(group)}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

/** @returns how many */
async function replayAll({ registry, reason }: Group): Promise<number> {
  let count = 0;
  for (let isComplete = false; !isComplete; ) {
    const { data } = await call<{ replayed: number; complete: boolean }>('POST', 'images/replay', {
      registry,
      reason,
    });
    count += data.replayed;
    isComplete = data.complete;
  }
  return count;
}
