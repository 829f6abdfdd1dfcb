import { useEffect, useState } from 'preact/hooks';
import { type ApiError, forget, whenSignedOut } from './api.ts';
import { forgetDrafts } from './policy-draft.ts';
import { type Route, useRoute } from './route.ts';
import { setKey } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { useIsClassic } from './use-is-classic.ts';
import { Credentials } from './views/credentials.tsx';
import { Health } from './views/health.tsx';
import { NeedsAttention } from './views/needs-attention.tsx';
import { Overview } from './views/overview.tsx';
import { PolicyView } from './views/policy.tsx';
import { Reconcile } from './views/reconcile.tsx';
import { Setup } from './views/setup.tsx';
import { Templates } from './views/templates.tsx';
import { WhereIsMyImage } from './views/where-is-my-image.tsx';

interface View {
  title: string;
  Show: (props: { route: Route }) => preact.ComponentChildren;
}

/** In the order of the menu. */
const VIEWS: Readonly<Record<string, View>> = {
  image: { title: 'Where is my image?', Show: WhereIsMyImage },
  overview: { title: 'Overview', Show: Overview },
  attention: { title: 'Needs attention', Show: NeedsAttention },
  credentials: { title: 'Credentials', Show: Credentials },
  templates: { title: 'Templates', Show: Templates },
  health: { title: 'Health', Show: Health },
  reconcile: { title: 'Reconcile', Show: Reconcile },
  setup: { title: 'Setup', Show: Setup },
  policy: { title: 'Policy', Show: PolicyView },
};
const FIRST = VIEWS.image as View;
const UNKNOWN: View = { title: 'No such page', Show: UnknownPage };

/** The page: the menu, and the view that the address names. */
export function App() {
  const route = useRoute();
  const [refused, setRefused] = useState<ApiError>();
  const [turn, setTurn] = useState(0);
  const { title, Show } = route.view === '' ? FIRST : (VIEWS[route.view] ?? UNKNOWN);
  useEffect(() => whenSignedOut(setRefused), []);
  useEffect(() => {
    document.title = `${title} · Coder ACR Bridge`;
  }, [title]);

  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: the fragment is the route, so a plain link would leave the view. */}
      <a class="skip" href="#content" onClick={toContent}>
        Skip to the content
      </a>
      <Menu key={turn} route={route} title={title} />
      <main id="content" tabIndex={-1}>
        {refused ? (
          <SignIn
            error={refused}
            onKey={key => {
              setKey(key);
              forget();
              forgetDrafts();
              setRefused(undefined);
              setTurn(turn + 1);
            }}
          />
        ) : (
          <Show key={`${route.view}${turn}`} route={route} />
        )}
      </main>
    </>
  );
}

function UnknownPage({ route: { view } }: { route: Route }) {
  return (
    <>
      <h1 tabIndex={-1}>No such page</h1>
      <p>
        The console has no page <code>{view}</code>. Choose one in the menu, or look for{' '}
        <a href="#/">an image</a>.
      </p>
    </>
  );
}

function toContent(event: Event) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Menu({ route, title }: { route: Route; title: string }) {
  const [isOpen, setOpen] = useState(false);
  const isClassic = useIsClassic();
  const shown = Object.entries(VIEWS).filter(([name]) => !(isClassic && name === 'templates'));
  const present = route.view || 'image';
  return (
    <header class="bar">
      <a class="brand" href="#/">
        ACR Bridge
      </a>
      <button
        type="button"
        class="menu"
        aria-expanded={isOpen}
        aria-controls="views"
        onClick={() => setOpen(!isOpen)}
      >
        {title}
      </button>
      <nav id="views" class={isOpen ? 'open' : ''} aria-label="Views">
        {shown.map(([name, view]) => (
          <a
            key={name}
            href={`#/${name}`}
            aria-current={name === present ? 'page' : undefined}
            onClick={() => setOpen(false)}
          >
            {view.title}
          </a>
        ))}
      </nav>
    </header>
  );
}
