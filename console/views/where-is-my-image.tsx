import { useEffect, useRef, useState } from 'preact/hooks';
import { type Asked, readReference } from '../image-reference.ts';
import { AddRegistry, NoRegistry } from '../parts/no-registry.tsx';
import { useRegistries } from '../parts/registry-picker.tsx';
import { Show } from '../parts/show.tsx';
import { go, linkTo, type Route } from '../route.ts';
import type { Registry } from '../types.ts';
import { FoundImages } from './found-images.tsx';
import { OneImage } from './one-image.tsx';

/** One box, and what became of the image that is typed into it. */
export function WhereIsMyImage({ route }: { route: Route }) {
  const registries = useRegistries();
  const typed = route.query.get('q') ?? route.rest;
  return (
    <>
      <h1 tabIndex={-1}>Where is my image?</h1>
      <Box key={typed} typed={typed} />
      <Show of={registries} what="the registries">
        {({ items }) => (items.length === 0 ? <NoRegistry /> : <Answer route={route} registries={items} />)}
      </Show>
    </>
  );
}

function Box({ typed }: { typed: string }) {
  const [text, setText] = useState(typed);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) input.current?.focus({ preventScroll: true });
  }, []);
  return (
    <search>
      <form
        class="search"
        onSubmit={event => {
          event.preventDefault();
          go(linkTo('image', '', text.trim() ? { q: text.trim() } : {}));
        }}
      >
        <label for="reference">Image reference, or a part of it</label>
        <div>
          <input
            ref={input}
            id="reference"
            type="search"
            value={text}
            placeholder="contoso.azurecr.io/team/app:v1"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            onInput={event => setText(event.currentTarget.value)}
          />
          <button type="submit" class="primary">
            Find
          </button>
        </div>
      </form>
    </search>
  );
}

function Answer({ route: { rest, query }, registries }: { route: Route; registries: Registry[] }) {
  const linked = /^([^/]+)\/(.+):([^:/]+)$/.exec(rest);
  if (linked) {
    const [, name, repository, tag] = linked as unknown as [string, string, string, string];
    return (
      <OneImage
        key={rest}
        registry={registries.find(one => one.name === name)}
        {...{ name, repository, tag }}
      />
    );
  }
  const asked = withHost(readReference(query.get('q') ?? ''), registries);
  const named = registries.filter(({ loginServer, name }) =>
    [loginServer.toLowerCase(), name].includes(asked.host ?? ''),
  );
  const only = named[0] ?? (registries.length === 1 && !asked.host ? registries[0] : undefined);
  if (asked.host && named.length === 0) return <UnknownRegistry host={asked.host} />;
  // A name without a slash may be the last part of one that has more.
  const isWhole = asked.host !== undefined || asked.repository.includes('/');
  if (only && asked.tag && asked.repository && isWhole) {
    const { repository, tag } = asked;
    return <OneImage key={query.get('q')} registry={only} name={only.name} {...{ repository, tag }} />;
  }
  return (
    <FoundImages key={query.toString()} asked={asked} query={query} registry={only} registries={registries} />
  );
}

/** People write `contoso/team/app:v1` too, as the bridge does. */
function withHost(asked: Asked, registries: Registry[]): Asked {
  const [first = '', ...rest] = asked.repository.split('/');
  const isName = !asked.host && rest.length > 0 && registries.some(({ name }) => name === first);
  return isName ? { ...asked, host: first, repository: rest.join('/') } : asked;
}

function UnknownRegistry({ host }: { host: string }) {
  return (
    <div class="note">
      <p>
        <strong>The bridge has no registry {host}.</strong> It ignores pushes to it until you add it:
      </p>
      <AddRegistry />
    </div>
  );
}
