import { call } from '../api.ts';
import { LogLines } from '../parts/log-lines.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { inline } from '../parts/prose.tsx';
import { Show } from '../parts/show.tsx';
import { type Light, State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import type { Template } from '../types.ts';
import { useAction } from '../use-action.ts';
import { useLoaded } from '../use-loaded.ts';
import { type Change, Versions } from './versions.tsx';

interface TemplateProps {
  organization: string;
  template: string;
}

/** What one template names, what it is to name, and its last versions. */
export function OneTemplate({ organization, template }: TemplateProps) {
  const path = `templates/${encodeURIComponent(organization)}/${encodeURIComponent(template)}`;
  const loaded = useLoaded<Template>(path, 3_000);
  const change = useAction(async (what: string, said: (now: Template) => string) => {
    const { data } = await call<Template>('POST', `${path}/${what}`);
    loaded.reload();
    return said(data);
  });
  return (
    <Show of={loaded} what="the template">
      {data => (
        <article class="card" aria-label={`Template ${template}`}>
          <header>
            <h2>
              <span class="quiet">{data.organization}/</span>
              {data.template}
            </h2>
            <State light={lightOf(data)}>{wordOf(data)}</State>
          </header>
          {data.failed && (
            <p class="note bad">
              <code>{data.failed.reason}</code> {inline(data.failed.message)}
            </p>
          )}
          <TemplateFacts of={data} change={change} />
          <Outcome of={change} />
          <Versions of={data} change={change} />
        </article>
      )}
    </Show>
  );
}

function lightOf({ exists, failed, building }: Template): Light {
  if (!exists || failed) return 'bad';
  return building ? 'wait' : 'good';
}

function wordOf({ exists, failed, building }: Template): string {
  if (!exists) return 'not in Coder';
  if (failed) return 'failed';
  return building ? 'building, or waits for a person' : 'up to date';
}

function TemplateFacts({ of: data, change }: { of: Template; change: Change }) {
  const { active, wanted, building, held, outdatedWorkspaces } = data;
  const heldValues = Object.entries(held).flatMap(([variable, values]) =>
    values.map(value => ({ variable, value })),
  );
  return (
    <dl class="facts long">
      <dt>Active version</dt>
      <dd>
        {active ? (
          <>
            <code>{active.version}</code>
            <span class="quiet">
              {' '}
              by {active.createdBy}, <Time of={active.createdOn} />
            </span>
          </>
        ) : (
          <span class="quiet">Coder shows the bridge none</span>
        )}
      </dd>
      <Values title="It names" of={active?.variables ?? {}} />
      <Values title="It is to name" of={wanted} />
      {building && (
        <>
          <dt>Building</dt>
          <dd>
            <code>{building.version}</code> since <Time of={building.since} />{' '}
            <button
              type="button"
              class="small"
              disabled={change.busy}
              onClick={() => change.run('promote', now => `\`${now.active?.version}\` is active.`)}
            >
              Promote
            </button>
            <LogLines lines={building.log} />
          </dd>
        </>
      )}
      <dt>Held</dt>
      <dd>
        {heldValues.length === 0 && <span class="quiet">nothing</span>}
        {heldValues.map(({ variable, value }) => (
          <div key={variable + value}>
            <code class="wrap">{value}</code>
            <div class="quiet">
              A person took it back. It stays away until another digest is pushed, or its image is replayed.
            </div>
          </div>
        ))}
      </dd>
      <dt>Outdated workspaces</dt>
      <dd>{outdatedWorkspaces ?? <span class="quiet">the bridge’s token may not count them</span>}</dd>
    </dl>
  );
}

function Values({ title, of }: { title: string; of: Record<string, string> }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {Object.keys(of).length === 0 && <span class="quiet">nothing of the bridge’s</span>}
        {Object.entries(of).map(([variable, value]) => (
          <div key={variable}>
            <span class="quiet">{variable} = </span>
            <code class="wrap">{value}</code>
          </div>
        ))}
      </dd>
    </>
  );
}
