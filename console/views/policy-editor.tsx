import { useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { lineOf, linesOf } from '../json-lines.ts';
import { jsonText } from '../json-text.ts';
import { Failure } from '../parts/failure.tsx';
import { keepDraft, rulesWithoutTemplate } from '../policy-draft.ts';
import type { Registry } from '../types.ts';

interface EditorProps {
  registry: Registry;
  /** The policy that the bridge has. */
  saved: string;
  text: string;
  onText(text: string): void;
  /** Whether images go to templates. */
  hasTemplates: boolean;
  etag: string | undefined;
  reload(): void;
}

interface Fault {
  line: number;
  path: string;
  message: string;
}

/** The policy as JSON. What the bridge refuses is shown on the line where it is. */
export function PolicyEditor({ registry, saved, text, onText, hasTemplates, etag, reload }: EditorProps) {
  const [faults, setFaults] = useState<Fault[]>([]);
  const [error, setError] = useState<ApiError>();
  const [said, setSaid] = useState('');
  const area = useRef<HTMLTextAreaElement>(null);

  function change(edited: string) {
    setSaid('');
    setError(undefined);
    setFaults([]);
    onText(edited);
  }

  async function save() {
    change(text);
    const policy = parse(text);
    if ('message' in policy) return setFaults([policy]);
    const body = { ...registry, policy: policy.value };
    try {
      const condition = etag ? { 'if-match': etag } : {};
      const { data } = await call<Registry>('PUT', `registries/${registry.name}`, body, condition);
      onText(jsonText(data.policy));
      keepDraft(registry.name, undefined);
      setSaid('Saved.');
      reload();
    } catch (failed) {
      if (!(failed instanceof ApiError)) throw failed;
      const found = (failed.problem?.errors ?? []).filter(({ path }) => path.startsWith('policy'));
      if (found.length === 0) return setError(failed);
      const lines = linesOf(text);
      setFaults(
        found
          .map(({ path, message }) => ({
            path,
            message,
            line: lineOf(path.replace(/^policy\.?/, ''), lines),
          }))
          .sort((one, other) => one.line - other.line),
      );
    }
  }

  function goTo(line: number) {
    const start = text.split('\n').slice(0, line).join('\n').length + (line > 0 ? 1 : 0);
    const end = text.indexOf('\n', start);
    area.current?.focus();
    area.current?.setSelectionRange(start, end < 0 ? text.length : end);
  }

  const lines = text.split('\n');
  const isEdited = text !== saved;
  return (
    <section aria-labelledby="rules">
      <h2 id="rules">Rules of {registry.name}</h2>
      <div class="editor">
        <div class="gutter" aria-hidden="true">
          {lines.map((_, i) => (
            <span key={i} class={faults.some(({ line }) => line === i) ? 'bad' : ''}>
              {i + 1}
            </span>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label="Policy as JSON"
          aria-invalid={faults.length > 0}
          aria-describedby="faults"
          spellcheck={false}
          wrap="off"
          rows={lines.length + 1}
          value={text}
          onInput={event => change(event.currentTarget.value)}
        />
      </div>
      <ul id="faults" class="faults" aria-live="polite">
        {faults.map(({ line, path, message }) => (
          <li key={path + message}>
            <button type="button" class="link" onClick={() => goTo(line)}>
              Line {line + 1}
            </button>{' '}
            {path && <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
      {hasTemplates && <WithoutTemplate text={text} registry={registry} />}
      {error && <Failure error={error} />}
      <div class="buttons">
        <button type="button" class="primary" disabled={!isEdited} onClick={save}>
          Save the policy
        </button>
        <button type="button" disabled={!isEdited} onClick={() => change(saved)}>
          Undo
        </button>
        <span role="status" class="quiet">
          {said || (isEdited && 'Not saved yet.')}
        </span>
      </div>
    </section>
  );
}

/** The bridge accepts such rules, and leaves their images out. */
function WithoutTemplate({ text, registry }: { text: string; registry: Registry }) {
  const policy = parse(text);
  const places = 'message' in policy ? [] : rulesWithoutTemplate(policy.value, registry);
  if (places.length === 0) return null;
  const which = places.map(place => place + 1).join(', ');
  return (
    <p class="note wait" role="status">
      {places.length === 1
        ? `Rule ${which} names no template: its`
        : `Rules ${which} name no template: their`}{' '}
      images stay out of Coder, with the reason <code>no-template</code>. Add{' '}
      <code>{'"templates": [{ "template": "NAME" }]'}</code>, or <code>"action": "exclude"</code>.
    </p>
  );
}

function parse(text: string): { value: unknown } | Fault {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as Error;
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    return {
      line: text.slice(0, position).split('\n').length - 1,
      path: '',
      message: `is not JSON: ${message}`,
    };
  }
}
