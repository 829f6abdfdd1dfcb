import { splitAdvice } from '../advice.ts';
import { Advice } from '../parts/advice.tsx';
import { inline } from '../parts/prose.tsx';
import { RegistryPicker } from '../parts/registry-picker.tsx';
import { Show } from '../parts/show.tsx';
import { type Light, State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import type { Route } from '../route.ts';
import type { Diagnosis } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';

type Finding = Diagnosis['findings'][number];

/** Everything that images of a registry need to reach Coder, checked at this moment. */
export function Health({ route }: { route: Route }) {
  return (
    <>
      <h1 tabIndex={-1}>Health</h1>
      <RegistryPicker view="health" chosen={route.rest}>
        {({ name }) => <Checks key={name} name={name} />}
      </RegistryPicker>
    </>
  );
}

function Checks({ name }: { name: string }) {
  const diagnosis = useLoaded<Diagnosis>(`registries/${name}/diagnostics`);
  return (
    <Show of={diagnosis} what={`the checks of ${name}, which run now`}>
      {({ findings, checkedOn }) => {
        const wrong = findings.filter(({ ok }) => ok === false);
        const unchecked = findings.filter(({ ok }) => ok === null);
        const fine = findings.filter(({ ok }) => ok);
        return (
          <>
            <p>
              <State light={wrong.length > 0 ? 'bad' : 'good'}>
                {wrong.length > 0 ? `${wrong.length} of ${findings.length} checks failed` : 'No check failed'}
              </State>
              <span class="quiet">
                {' '}
                · checked <Time of={checkedOn} />{' '}
              </span>
              <button type="button" class="small" onClick={diagnosis.reload}>
                Check again
              </button>
            </p>
            <Findings of={wrong} light="bad" word="failed" />
            <Findings of={unchecked} light="none" word="not checked" />
            <Findings of={fine} light="good" word="ok" />
          </>
        );
      }}
    </Show>
  );
}

function Findings({ of, light, word }: { of: Finding[]; light: Light; word: string }) {
  if (of.length === 0) return null;
  return (
    <ul class="findings">
      {of.map(({ check, message, reason, remedy }) => (
        <li key={check}>
          <State light={light}>{word}</State>
          <strong>{check}</strong>
          <div>
            {light === 'bad' && <code class="quiet">{reason}</code>}
            <p>{inline(message)}</p>
            {remedy && <Advice of={splitAdvice(remedy)} />}
          </div>
        </li>
      ))}
    </ul>
  );
}
