import { Command } from '../parts/command.tsx';
import { inline, Prose } from '../parts/prose.tsx';
import { RegistryPicker } from '../parts/registry-picker.tsx';
import { Show } from '../parts/show.tsx';
import type { Route } from '../route.ts';
import type { SetupGuide } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';

/** The guide from a registry to workspaces in Coder, with this registry's values. */
export function Setup({ route }: { route: Route }) {
  return (
    <>
      <h1 tabIndex={-1}>Setup</h1>
      <RegistryPicker view="setup" chosen={route.rest}>
        {({ name }) => <Guide key={name} name={name} />}
      </RegistryPicker>
    </>
  );
}

function Guide({ name }: { name: string }) {
  const guide = useLoaded<SetupGuide>(`registries/${name}/setup?format=json`);
  return (
    <Show of={guide} what="the guide">
      {({ title, about, placeholders, steps }) => (
        <article class="guide">
          <h2>{title}</h2>
          <Prose text={about} />
          <Placeholders of={placeholders} />
          <ol class="steps">
            {steps.map(step => (
              <li key={step.heading}>
                <Step of={step} />
              </li>
            ))}
          </ol>
        </article>
      )}
    </Show>
  );
}

function Placeholders({ of }: { of: SetupGuide['placeholders'] }) {
  const yours = of.filter(({ setBy }) => setBy === 'you');
  if (yours.length === 0) return null;
  return (
    <section aria-labelledby="placeholders">
      <h3 id="placeholders">Set these first</h3>
      <dl class="facts long">
        {yours.map(({ name, meaning, find, default: usual }) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              {inline(meaning)}{' '}
              {usual && (
                <>
                  Usually <code>{usual}</code>.
                </>
              )}
              <Command text={find} label={`Copy the command that finds ${name}`} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Commands one after the other for the same case have one heading. */
function When({ when, before }: { when: string | undefined; before: string | undefined }) {
  if (when === before) return null;
  return <p>{inline(`${when ?? 'In any case'}:`)}</p>;
}

function Step({ of }: { of: SetupGuide['steps'][number] }) {
  const { heading, doneByAzd, why, values, diff, commands, troubles = [] } = of;
  return (
    <>
      <h3>{heading}</h3>
      {doneByAzd && <p class="quiet">Done already for registries that azd connected.</p>}
      <Prose text={why} />
      {values && <Command text={values} label="Copy the values" />}
      {diff && <Command text={diff} label="Copy the change" />}
      {commands.map(({ when, run, expect }, i) => (
        <div key={run}>
          <When when={when} before={commands[i - 1]?.when} />
          <Command text={run} />
          {expect && (
            <p class="quiet">
              It prints: <code class="wrap">{expect}</code>
            </p>
          )}
        </div>
      ))}
      {troubles.length > 0 && (
        <details>
          <summary>If it does not work</summary>
          <ul>
            {troubles.map(({ sign, meaning, remedy }) => (
              <li key={sign}>
                {inline(sign)}: {inline(meaning)} {inline(remedy)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
