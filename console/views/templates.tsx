import { Show } from '../parts/show.tsx';
import { linkTo, type Route } from '../route.ts';
import type { Summary, Template } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';
import { OneTemplate } from './one-template.tsx';

/** The templates of Coder v2: one of them, and links to the others. */
export function Templates({ route: { rest } }: { route: Route }) {
  const declared = useLoaded<{ items: Template[] }>('templates');
  // Which templates a rule with {name} leads to, only its images show: those that had one are in the overview.
  const summary = useLoaded<Summary>('summary');
  const isClassic = declared.error?.problem?.reason === 'no-templates';
  return (
    <>
      <h1 tabIndex={-1}>Templates</h1>
      {isClassic ? (
        <p class="note">Coder Classic has no templates. Images go to Coder’s list of images.</p>
      ) : (
        <Show of={declared} what="the templates">
          {({ items }) => <Chosen all={namesOf(items, summary.data?.templates ?? [])} rest={rest} />}
        </Show>
      )}
    </>
  );
}

type Named = Pick<Template, 'organization' | 'template'>;
const pathOf = ({ organization, template }: Named) => `${organization}/${template}`;

function namesOf(declared: readonly Named[], remembered: readonly Named[]): string[] {
  return [...new Set([...declared, ...remembered].map(pathOf))].sort();
}

function Chosen({ all, rest }: { all: string[]; rest: string }) {
  const chosen = rest || all[0];
  if (chosen === undefined) return <NoTemplate />;
  const [organization = '', template = ''] = chosen.split('/');
  return (
    <>
      {all.length > 1 && (
        <nav class="tabs" aria-label="Templates">
          {all.map(path => (
            <a
              key={path}
              href={linkTo('templates', path)}
              aria-current={path === chosen ? 'page' : undefined}
            >
              {path.split('/')[1]}
            </a>
          ))}
        </nav>
      )}
      <OneTemplate key={chosen} organization={organization} template={template} />
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
