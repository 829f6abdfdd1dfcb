import { Show } from '../parts/show.tsx';
import { State } from '../parts/state.tsx';
import { linkTo, type Route } from '../route.ts';
import type { Template } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';
import { OneTemplate } from './one-template.tsx';

const EVERY_MS = 15_000;

/** The templates of Coder v2: one of them, or all. */
export function Templates({ route: { rest } }: { route: Route }) {
  const list = useLoaded<{ items: Template[] }>('templates', EVERY_MS);
  const [organization, template] = rest.split('/');
  const isClassic = list.error?.problem?.reason === 'no-templates';
  return (
    <>
      <h1 tabIndex={-1}>Templates</h1>
      {isClassic ? (
        <p class="note">Coder Classic has no templates. Images go to Coder’s list of images.</p>
      ) : (
        <Show of={list} what="the templates">
          {({ items }) => (
            <>
              {items.length === 0 && <NoTemplate />}
              {items.length > 1 && (
                <nav class="tabs" aria-label="Templates">
                  {items.map(one => (
                    <a
                      key={`${one.organization}/${one.template}`}
                      href={linkTo('templates', `${one.organization}/${one.template}`)}
                      aria-current={one.template === (template ?? items[0]?.template) ? 'page' : undefined}
                    >
                      {one.template} {one.failed && <State light="bad">failed</State>}
                    </a>
                  ))}
                </nav>
              )}
              {(template || items[0]) && (
                <OneTemplate
                  key={rest}
                  organization={(template ? organization : items[0]?.organization) as string}
                  template={(template || items[0]?.template) as string}
                />
              )}
            </>
          )}
        </Show>
      )}
    </>
  );
}

function NoTemplate() {
  return (
    <div class="note">
      <p>
        <strong>No rule names a template yet.</strong> Say in a rule of the{' '}
        <a href={linkTo('policy')}>policy</a> where its images go:
      </p>
      <pre>
        <code>{'{ "repository": "samples/workspace", "templates": [{ "template": "kubernetes" }] }'}</code>
      </pre>
    </div>
  );
}
