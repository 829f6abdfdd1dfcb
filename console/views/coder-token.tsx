import { inline } from '../parts/prose.tsx';
import { Show } from '../parts/show.tsx';
import { type Light, State } from '../parts/state.tsx';
import type { Diagnosis, Registry } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';

/** The token with which the bridge calls Coder, as the diagnostics find it. */
export function CoderToken({ registry: { name } }: { registry: Registry }) {
  const diagnosis = useLoaded<Diagnosis>(`registries/${name}/diagnostics`);
  return (
    <article class="card" aria-label="Token of Coder">
      <Show of={diagnosis} what="Coder’s token">
        {({ findings }) => {
          const shown = findings.filter(({ check }) => check.startsWith('coder-token'));
          const isWrong = shown.some(({ ok }) => ok === false);
          const light: Light = isWrong ? 'bad' : shown.every(({ ok }) => ok) ? 'good' : 'none';
          return (
            <>
              <header>
                <h2>Coder’s own token</h2>
                <State light={light}>{isWrong ? 'look at it' : light === 'good' ? 'works' : 'unclear'}</State>
              </header>
              <dl class="facts long">
                {shown.map(({ check, message, remedy }) => (
                  <div key={check}>
                    <dt>{check}</dt>
                    <dd>
                      {inline(message)}
                      {remedy && <p>{inline(remedy)}</p>}
                    </dd>
                  </div>
                ))}
              </dl>
            </>
          );
        }}
      </Show>
    </article>
  );
}
