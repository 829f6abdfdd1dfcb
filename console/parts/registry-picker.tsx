import type { ComponentChildren } from 'preact';
import { go, linkTo } from '../route.ts';
import type { Page, Registry } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';
import { NoRegistry } from './no-registry.tsx';
import { Show } from './show.tsx';

interface PickerProps {
  view: string;
  /** Name of the registry in the address; the first one when empty. */
  chosen: string;
  children(registry: Registry, reload: () => void): ComponentChildren;
}

/** The registry that a view is about, and a way to choose another. */
export function RegistryPicker({ view, chosen, children }: PickerProps) {
  const registries = useRegistries();
  return (
    <Show of={registries} what="the registries">
      {({ items }) => {
        const registry = items.find(({ name }) => name === chosen) ?? items[0];
        if (!registry) return <NoRegistry />;
        return (
          <>
            {items.length > 1 && (
              <label class="picker">
                Registry{' '}
                <select value={registry.name} onChange={event => go(linkTo(view, event.currentTarget.value))}>
                  {items.map(({ name, loginServer }) => (
                    <option key={name} value={name}>
                      {name} ({loginServer})
                    </option>
                  ))}
                </select>
              </label>
            )}
            {children(registry, registries.reload)}
          </>
        );
      }}
    </Show>
  );
}

export function useRegistries(everyMs?: number) {
  return useLoaded<Page<Registry>>('registries?limit=1000', everyMs);
}
