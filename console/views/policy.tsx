import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { readReference } from '../image-reference.ts';
import { Outcome } from '../parts/outcome.tsx';
import { RegistryPicker } from '../parts/registry-picker.tsx';
import { Show } from '../parts/show.tsx';
import { linkTo, type Route } from '../route.ts';
import { ruleText } from '../timeline.ts';
import type { Explanation, Registry } from '../types.ts';
import { useAction } from '../use-action.ts';
import { useLoaded } from '../use-loaded.ts';
import { Explained } from './explained.tsx';
import { PolicyEditor } from './policy-editor.tsx';

/** The rules of a registry: try a reference against them, and change them. */
export function PolicyView({ route }: { route: Route }) {
  return (
    <>
      <h1 tabIndex={-1}>Policy</h1>
      <p class="quiet">
        The first rule that matches a pushed tag decides. Without rules every image goes to Coder.
      </p>
      <RegistryPicker view="policy" chosen={route.rest}>
        {({ name }) => <OfRegistry key={name} name={name} tried={route.query.get('try') ?? ''} />}
      </RegistryPicker>
    </>
  );
}

function OfRegistry({ name, tried }: { name: string; tried: string }) {
  const loaded = useLoaded<Registry>(`registries/${name}`);
  return (
    <Show of={loaded} what="the policy">
      {registry => (
        <div class="columns">
          <PolicyEditor registry={registry} etag={loaded.etag} reload={loaded.reload} />
          <Try registry={registry} tried={tried} />
        </div>
      )}
    </Show>
  );
}

function Try({ registry, tried }: { registry: Registry; tried: string }) {
  const [text, setText] = useState(tried);
  const [explanation, setExplanation] = useState<Explanation>();
  const attempt = useAction(async () => {
    setExplanation(undefined);
    const { repository, tag = 'latest' } = readReference(text);
    const body = { registry: registry.name, repository, tag };
    setExplanation((await call<Explanation>('POST', 'images?dryRun=true', body)).data);
    return undefined;
  });
  return (
    <section aria-labelledby="try">
      <h2 id="try">Try a reference</h2>
      <form
        class="search"
        onSubmit={event => {
          event.preventDefault();
          void attempt.run();
        }}
      >
        <label for="tried">Repository and tag, pushed or not</label>
        <div>
          <input
            id="tried"
            type="text"
            value={text}
            placeholder="team/app:v1"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            onInput={event => setText(event.currentTarget.value)}
          />
          <button type="submit" disabled={attempt.busy}>
            Try
          </button>
        </div>
      </form>
      <Outcome of={attempt} />
      {explanation && (
        <>
          <p role="status">
            <strong>{explanation.policy.action === 'import' ? 'Imported.' : 'Left out.'}</strong>{' '}
            {ruleText(registry, explanation.policy.rule)}
          </p>
          <Explained explanation={explanation} />
        </>
      )}
      <p class="quiet">
        After a change, <a href={linkTo('reconcile', registry.name)}>reconcile</a> the registry: the bridge
        then decides again about every tag.
      </p>
    </section>
  );
}
