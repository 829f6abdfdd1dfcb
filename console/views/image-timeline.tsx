import { LogLines } from '../parts/log-lines.tsx';
import { Time } from '../parts/time.tsx';
import { duration } from '../relative-time.ts';
import { linkTo } from '../route.ts';
import { timelineOf } from '../timeline.ts';
import type { Image, Registry, Template } from '../types.ts';

interface TimelineProps {
  image: Image;
  registry: Registry | undefined;
  template: Template | undefined;
}

const WORDS = { done: 'done', now: 'now', stopped: 'stopped here', open: 'not yet' } as const;

/** The stations of the image, with their times and what is known of each. */
export function ImageTimeline({ image, registry, template }: TimelineProps) {
  const importMs = image.coder?.templates.find(one => one.importMs !== undefined)?.importMs;
  return (
    <section aria-labelledby="timeline">
      <h3 id="timeline">Timeline</h3>
      <ol class="timeline">
        {timelineOf(image, registry, image.rule).map(({ station, title, on, state, text }) => (
          <li key={station} class={state} aria-current={state === 'now' ? 'step' : undefined}>
            <div>
              <span class="title">{title}</span>{' '}
              <span class={state === 'now' || state === 'stopped' ? 'small' : 'hidden'}>{WORDS[state]}</span>
              <span class="when">{on && <Time of={on} />}</span>
            </div>
            {text && (
              <p class="quiet detail">
                {text}{' '}
                {station === 'decided' && (
                  <a href={linkTo('policy', image.registry, { try: image.reference })}>policy</a>
                )}
              </p>
            )}
            {station === 'built' && importMs !== undefined && state === 'done' && (
              <p class="quiet detail">Coder took {duration(importMs)}.</p>
            )}
            {station === 'built' && template?.building && (
              <p class="quiet detail">
                since <Time of={template.building.since} />
              </p>
            )}
            {station === 'built' && state !== 'done' && <LogLines lines={template?.building?.log} />}
          </li>
        ))}
      </ol>
    </section>
  );
}
