import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { readReference } from '../image-reference.ts';
import { jsonText } from '../json-text.ts';
import { Outcome } from '../parts/outcome.tsx';
import { RegistryPicker } from '../parts/registry-picker.tsx';
import { Show } from '../parts/show.tsx';
import { draftOf, keepDraft, parsePolicy, withRuleFor } from '../policy-draft.ts';
import { linkTo, type Route } from '../route.ts';
import { ruleText } from '../timeline.ts';
import type { Explanation, Registry } from '../types.ts';
import { useAction } from '../use-action.ts';
import { useIsClassic } from '../use-is-classic.ts';
import { type Loaded, useLoaded } from '../use-loaded.ts';
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
        {({ name }) => (
          <OfRegistry
            key={name}
            name={name}
            tried={route.query.get('try') ?? ''}
            added={route.query.get('add') ?? undefined}
          />
        )}
      </RegistryPicker>
    </>
  );
}

interface OfRegistryProps {
  name: string;
  /** A reference. */
  tried: string;
  /** A repository that is to have a rule. */
  added: string | undefined;
}

function OfRegistry({ name, tried, added }: OfRegistryProps) {
  const loaded = useLoaded<Registry>(`registries/${name}`);
  const isClassic = useIsClassic();
  const isKnown = loaded.data === undefined || isClassic !== undefined;
  return (
    <Show of={isKnown ? loaded : { ...loaded, data: undefined }} what="the policy">
      {registry => (
        <Edited registry={registry} hasTemplates={isClassic === false} {...{ loaded, tried, added }} />
      )}
    </Show>
  );
}

interface EditedProps extends Omit<OfRegistryProps, 'name'> {
  registry: Registry;
  loaded: Loaded<Registry>;
  hasTemplates: boolean;
}

function Edited({ registry, loaded, hasTemplates, tried, added }: EditedProps) {
  const { name, policy } = registry;
  const saved = jsonText(policy);
  const [text, setText] = useState(() => {
    const draft = draftOf(name);
    const begun = draft === undefined ? policy : parsePolicy(draft);
    return added && begun ? jsonText(withRuleFor(added, begun, hasTemplates)) : (draft ?? saved);
  });
  const isEdited = text !== saved;
  return (
    <div class="columns">
      <PolicyEditor
        {...{ registry, saved, text, hasTemplates }}
        etag={loaded.etag}
        reload={loaded.reload}
        onText={edited => {
          setText(edited);
          keepDraft(name, edited === saved ? undefined : edited);
        }}
      />
      <Try registry={registry} tried={tried} isEdited={isEdited} />
    </div>
  );
}

function Try({ registry, tried, isEdited }: { registry: Registry; tried: string; isEdited: boolean }) {
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
      {isEdited && (
        <p class="note wait">This tries the saved policy, without your changes. Save them to try them.</p>
      )}
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
