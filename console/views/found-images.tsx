import { useEffect } from 'preact/hooks';
import type { Asked } from '../image-reference.ts';
import { Failure } from '../parts/failure.tsx';
import { ImageRow } from '../parts/image-row.tsx';
import { Rows } from '../parts/rows.tsx';
import { Time } from '../parts/time.tsx';
import { linkTo } from '../route.ts';
import type { Image, Registry, Summary } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';
import { usePages } from '../use-pages.ts';

interface FoundProps {
  asked: Asked;
  /** `registry`, `state` and `reason` narrow the list. */
  query: URLSearchParams;
  registry: Registry | undefined;
  registries: Registry[];
}

const FIRST = 60;
const PAGE = 1_000;

/** More than these are not read just to show the latest: the table knows no order but that of names. */
const MOST_SORTED = 5_000;

/** Every image that the text is a part of; the latest ones without a text. */
export function FoundImages(props: FoundProps) {
  const { asked, query } = props;
  const summary = useLoaded<Summary>('summary');
  const isFiltered = asked.repository !== '' || [...query.keys()].some(name => name !== 'q');
  const { data, error } = summary;
  if (isFiltered || error) return <Found {...props} isFiltered={isFiltered} />;
  if (!data) return <p class="quiet">Loading the latest images …</p>;
  if (data.images.total > MOST_SORTED) return <Many total={data.images.total} />;
  return <Found {...props} isFiltered={false} />;
}

function Many({ total }: { total: number }) {
  return (
    <p>
      The bridge knows {total.toLocaleString('en')} images. Type a reference or a part of one, or see those
      that <a href={linkTo('image', '', { state: 'failed' })}>failed</a> or{' '}
      <a href={linkTo('image', '', { state: 'pending' })}>wait</a>.
    </p>
  );
}

function Found({ asked, query, registry, registries, isFiltered }: FoundProps & { isFiltered: boolean }) {
  const isMatch = ({ repository, tag }: Image) =>
    repository.includes(asked.repository) && (!asked.tag || tag.startsWith(asked.tag));
  const filter = new URLSearchParams();
  for (const name of ['registry', 'state', 'reason']) {
    for (const value of query.getAll(name)) filter.append(name, value);
  }
  if (registry && asked.repository) filter.set('registry', registry.name);
  const text = [asked.repository, asked.tag].filter(Boolean).join(':');
  if (!isFiltered) filter.set('order', 'updatedOn');
  const found = usePages<Image>(`images?${filter}`, isFiltered ? PAGE : FIRST, isMatch);
  const { items, error, isWhole } = found;
  const only = isWhole && items.length === 1 && items[0]?.tag === asked.tag ? items[0] : undefined;
  useEffect(() => {
    if (only) location.replace(linkTo('image', `${only.registry}/${only.reference}`));
  }, [only]);
  if (error && items.length === 0) return <Failure error={error} what="while looking for images" />;
  return (
    <section aria-labelledby="found">
      <h2 id="found">
        {isFiltered ? (text ? `Images with “${text}”` : whatFilter(query)) : 'Latest images'}
      </h2>
      <p class="quiet" role="status">
        {isWhole ? (items.length === 0 ? '' : countOf(items.length)) : `${countOf(items.length)} so far …`}
      </p>
      {isWhole && items.length === 0 && (
        <None asked={asked} registries={registries} isFiltered={isFiltered} />
      )}
      <Rows items={items} keyOf={keyOf} label="Images" onEnd={found.more}>
        {image => <ImageRow image={image} />}
      </Rows>
    </section>
  );
}

const keyOf = ({ registry, reference }: Image) => `${registry}/${reference}`;
const countOf = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'image' : 'images'}`;

function whatFilter(query: URLSearchParams): string {
  const [states, reason, registry] = [query.getAll('state'), query.get('reason'), query.get('registry')];
  const what = [...states, reason && `with the reason ${reason}`, registry && `in ${registry}`];
  return `Images: ${what.filter(Boolean).join(', ')}`;
}

function None({
  asked,
  registries,
  isFiltered,
}: {
  asked: Asked;
  registries: Registry[];
  isFiltered: boolean;
}) {
  const summary = useLoaded<Summary>('summary');
  const [first] = registries;
  if (!first) return null;
  if (!isFiltered) return <PushThis registry={first} />;
  const last = summary.data?.registries
    .flatMap(({ lastEventOn, name }) => (lastEventOn ? [{ on: lastEventOn, name }] : []))
    .sort((one, other) => other.on.localeCompare(one.on))[0];
  return (
    <div class="note">
      <p>
        <strong>The bridge has no image with that in its name.</strong>{' '}
        {last ? (
          <>
            Its last event came <Time of={last.on} />, from {last.name}.
          </>
        ) : (
          'No event has come yet.'
        )}
      </p>
      <p>
        Type the whole reference, {first.loginServer}/{asked.repository || 'team/app'}:{asked.tag ?? 'TAG'},
        to see what an import of it would do; or <a href={linkTo('reconcile', first.name)}>reconcile</a> to
        find what no event reported.
      </p>
    </div>
  );
}

function PushThis({ registry: { loginServer } }: { registry: Registry }) {
  return (
    <div class="note">
      <p>
        <strong>No image yet.</strong> Push one, and watch it arrive here:
      </p>
      <pre>
        <code>{`docker tag alpine ${loginServer}/samples/workspace:v1\ndocker push ${loginServer}/samples/workspace:v1`}</code>
      </pre>
    </div>
  );
}
