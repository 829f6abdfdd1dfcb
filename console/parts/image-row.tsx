import type { ComponentChildren } from 'preact';
import { linkTo } from '../route.ts';
import type { Image } from '../types.ts';
import { LIGHT_OF, State } from './state.tsx';
import { Time } from './time.tsx';

/** One image in a list. */
export function ImageRow({ image }: { image: Image }) {
  const { registry, reference, state, reason, updatedOn, message } = image;
  return (
    <ImageRowOf {...{ registry, reference, state, reason }} title={message}>
      <Time of={updatedOn} />
    </ImageRowOf>
  );
}

interface RowProps {
  registry: string;
  reference: string;
  state?: string | undefined;
  reason: string;
  /** Says more on hover. */
  title: string;
  children?: ComponentChildren;
}

/** The same of what a report says of an image. */
export function ImageRowOf({ registry, reference, state, reason, title, children }: RowProps) {
  return (
    <a class="image-row" href={linkTo('image', `${registry}/${reference}`)} title={title}>
      <span class="name">
        <span class="quiet">{registry}/</span>
        {reference}
      </span>
      <span class="reason">{state ? <State light={LIGHT_OF[state] ?? 'none'}>{reason}</State> : reason}</span>
      <span class="when">{children}</span>
    </a>
  );
}
