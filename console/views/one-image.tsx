import { useState } from 'preact/hooks';
import { imagePath } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Show } from '../parts/show.tsx';
import type { Image, Registry, Template, TemplateName } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';
import { ImageButtons } from './image-buttons.tsx';
import { ImageFacts } from './image-facts.tsx';
import { ImageTimeline } from './image-timeline.tsx';
import { NeverSeen } from './never-seen.tsx';
import { Remedy } from './remedy.tsx';
import { Verdict } from './verdict.tsx';

interface OneImageProps {
  registry: Registry | undefined;
  /** Of the registry. */
  name: string;
  repository: string;
  tag: string;
}

/** While it moves, or may soon because of what a person did, and afterwards. */
const SOON_MS = 1_500;
const LATER_MS = 10_000;
const HURRY_MS = 90_000;

/** One image: the verdict, how it came to it, and what helps. */
export function OneImage({ registry, name, repository, tag }: OneImageProps) {
  const path = imagePath(name, repository, tag);
  const [everyMs, setEvery] = useState(SOON_MS);
  const image = useLoaded<Image>(path, everyMs);
  const [actedOn, setActedOn] = useState(0);
  const isMoving = image.data?.state === 'pending' || Date.now() - actedOn < HURRY_MS;
  if ((isMoving ? SOON_MS : LATER_MS) !== everyMs) setEvery(isMoving ? SOON_MS : LATER_MS);
  const target = targetOf(image.data);
  const templatePath =
    target && `templates/${encodeURIComponent(target.organization)}/${encodeURIComponent(target.template)}`;
  const template = useLoaded<Template>(templatePath, everyMs);

  if (image.error?.status === 404 && !image.data) {
    return registry ? (
      <NeverSeen registry={registry} repository={repository} tag={tag} reload={image.reload} />
    ) : (
      <Failure error={image.error} />
    );
  }
  return (
    <Show of={image} what="the image">
      {data => (
        <article>
          <Verdict image={data} />
          <Remedy image={data} template={target} />
          <ImageButtons
            image={data}
            template={target}
            reload={() => {
              setActedOn(Date.now());
              image.reload();
              template.reload();
            }}
          />
          <div class="columns">
            <ImageTimeline image={data} registry={registry} template={template.data} />
            <ImageFacts image={data} />
          </div>
        </article>
      )}
    </Show>
  );
}

/** The template that the image goes to, or the first of them that has trouble. */
function targetOf(image: Image | undefined): TemplateName | undefined {
  const all = image?.coder?.templates ?? [];
  return all.find(({ reason }) => reason === image?.reason) ?? all[0];
}
