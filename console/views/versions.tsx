import { useState } from 'preact/hooks';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { rolledBack } from '../rolled-back.ts';
import { shortDigests } from '../short-digest.ts';
import type { Template } from '../types.ts';
import type { Action } from '../use-action.ts';

/** A call that changes the template, and what is said in the end. */
export type Change = Action<[what: string, said: (now: Template) => string]>;

/** The last versions of a template, each with a way to it. */
export function Versions({ of: template, change }: { of: Template; change: Change }) {
  const { versions = [], active } = template;
  if (versions.length === 0) return null;
  return (
    <>
      <h3>Last versions</h3>
      <ul class="versions">
        {versions.map(one => (
          <li key={one.version}>
            <span class="name">
              <code>{one.version}</code> {one.isActive && <State light="good">active</State>}
              {one.state === 'failed' && <State light="bad">failed</State>}
              {one.message && (
                <span class="quiet block" title={one.message}>
                  {shortDigests(withoutAuthor(one))}
                </span>
              )}
            </span>
            <span class="quiet">
              {one.createdBy}, <Time of={one.createdOn} />
            </span>
            {!one.isActive && one.state === 'succeeded' && (
              <MakeActive
                of={template}
                version={one.version}
                isNewer={active !== undefined && one.createdOn > active.createdOn}
                change={change}
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

type Version = NonNullable<Template['versions']>[number];

/** The bridge writes it into the message, beside which it stands already. */
function withoutAuthor({ message = '', createdBy }: Version): string {
  const author = ` by ${createdBy}`;
  return message.endsWith(author) ? message.slice(0, -author.length) : message;
}

interface MakeActiveProps {
  of: Template;
  version: string;
  isNewer: boolean;
  change: Change;
}

/** Asks before it does it. */
function MakeActive({ of: { template, active }, version, isNewer, change }: MakeActiveProps) {
  const [asks, setAsks] = useState(false);
  const verb = isNewer ? 'Make active' : 'Roll back';
  if (!asks) {
    return (
      <button type="button" class="small" disabled={change.busy} onClick={() => setAsks(true)}>
        {verb} …
      </button>
    );
  }
  const named = Object.values(active?.variables ?? {}).map(shortDigests);
  return (
    <section class="note wait whole" aria-label={`${verb} ${version}`}>
      <p>
        {isNewer
          ? 'The bridge refuses a version of its own that was never active: replay its image instead.'
          : `The bridge then holds what is active now${named.length > 0 ? ` (${named.join(', ')})` : ''}, unless this version names the same. It stays away until another digest is pushed, or its image is replayed.`}
      </p>
      <div class="buttons">
        <button
          type="button"
          class="small primary"
          aria-label={
            isNewer ? `Make ${version} active in ${template}` : `Roll ${template} back to ${version}`
          }
          onClick={() => {
            setAsks(false);
            void change.run(`rollback?to=${encodeURIComponent(version)}`, rolledBack);
          }}
        >
          {verb}
        </button>
        <button type="button" class="small" onClick={() => setAsks(false)}>
          Cancel
        </button>
      </div>
    </section>
  );
}
