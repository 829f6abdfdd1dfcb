import { useState } from 'preact/hooks';
import { splitAdvice } from '../advice.ts';
import type { Group } from '../attention.ts';
import { Advice } from '../parts/advice.tsx';
import { callCommand } from '../parts/call-command.ts';
import { Command } from '../parts/command.tsx';
import { ImageRow } from '../parts/image-row.tsx';
import { inline } from '../parts/prose.tsx';
import { Rows } from '../parts/rows.tsx';
import { LIGHT_OF, State } from '../parts/state.tsx';
import type { Image } from '../types.ts';
import { usePages } from '../use-pages.ts';

interface GroupProps {
  group: Group;
  isBusy: boolean;
  onReplay(): void;
}

/** The images with one reason, what it means, and what to do about all of them. */
export function ReasonGroup({ group, isBusy, onReplay }: GroupProps) {
  const [isOpen, setOpen] = useState(false);
  const { registry, state, reason, count, example } = group;
  const query = `images?registry=${registry}&state=${state}&reason=${reason}`;
  const isReplayed = reason === 'replayed';
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
      {example ? <WhatToDo image={example} /> : <FirstOf path={query} />}
      {isReplayed && <p class="quiet">The bridge tries again within a minute.</p>}
      <div class="buttons">
        <button type="button" class="primary" disabled={isBusy || isReplayed} onClick={onReplay}>
          {`Replay all ${count.toLocaleString('en')}`}
        </button>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide the images' : 'Show the images'}
        </button>
      </div>
      {isOpen && (
        <>
          <Command text={callCommand('POST', 'images/replay', { registry, reason })} />
          <GroupImages path={query} label={`Images with the reason ${reason}`} />
        </>
      )}
    </article>
  );
}

function WhatToDo({ image: { meaning, remedy } }: { image: Image }) {
  return (
    <>
      {meaning && <p>{inline(meaning)}</p>}
      {remedy && (
        <>
          <strong>What to do</strong>
          <Advice of={splitAdvice(remedy)} />
        </>
      )}
    </>
  );
}

/** A page may be empty although there are more. */
function FirstOf({ path }: { path: string }) {
  const { items, isWhole, error } = usePages<Image>(path, 2);
  const [image] = items;
  if (image) return <WhatToDo image={image} />;
  if (error) return <p class="quiet">{error.message}</p>;
  return <p class="quiet">{isWhole ? 'No image has this reason any more.' : 'Loading what to do …'}</p>;
}

function GroupImages({ path, label }: { path: string; label: string }) {
  const { items, more } = usePages<Image>(path, 200);
  return (
    <Rows items={items} keyOf={image => `${image.registry}/${image.reference}`} label={label} onEnd={more}>
      {image => <ImageRow image={image} />}
    </Rows>
  );
}
