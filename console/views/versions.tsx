import { useState } from 'preact/hooks';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import type { Template } from '../types.ts';
import type { Action } from '../use-action.ts';

/** A call that changes the template, and what is said in the end. */
export type Change = Action<[what: string, said: (now: Template) => string]>;

/** The last versions of a template, each with a way back to it. */
export function Versions({ of: { versions = [], template }, change }: { of: Template; change: Change }) {
  const [asked, setAsked] = useState<string>();
  if (versions.length === 0) return null;
  return (
    <>
      <h3>Last versions</h3>
      <ul class="versions">
        {versions.map(({ version, createdOn, createdBy, message, isActive, state }) => (
          <li key={version}>
            <span class="name">
              <code>{version}</code> {isActive && <State light="good">active</State>}
              {state === 'failed' && <State light="bad">failed</State>}
              {message && <span class="quiet block">{message}</span>}
            </span>
            <span class="quiet">
              {createdBy}, <Time of={createdOn} />
            </span>
            {!isActive && state === 'succeeded' && asked !== version && (
              <button type="button" class="small" disabled={change.busy} onClick={() => setAsked(version)}>
                Roll back …
              </button>
            )}
            {asked === version && (
              <span class="buttons">
                <button
                  type="button"
                  class="small primary"
                  aria-label={`Roll ${template} back to ${version}`}
                  onClick={() => {
                    setAsked(undefined);
                    void change.run(
                      `rollback?to=${encodeURIComponent(version)}`,
                      now =>
                        `${template} is back at \`${now.active?.version}\`. What it named before is held.`,
                    );
                  }}
                >
                  Roll back
                </button>
                <button type="button" class="small" onClick={() => setAsked(undefined)}>
                  Cancel
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
