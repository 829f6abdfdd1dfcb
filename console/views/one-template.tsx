import { call } from '../api.ts';
import { LogLines } from '../parts/log-lines.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { inline } from '../parts/prose.tsx';
import { Show } from '../parts/show.tsx';
import { type Light, State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Value } from '../parts/value.tsx';
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

function lightOf({ exists, failed, building, held }: Template): Light {
  if (!exists || failed) return 'bad';
  if (building) return 'wait';
  return Object.values(held).flat().length > 0 ? 'none' : 'good';
}

function wordOf(template: Template): string {
  const { exists, failed, building, held } = template;
  if (!exists) return 'not in Coder';
  if (failed) return 'failed';
  if (building) return isBuilt(template) ? 'built, waits to be promoted' : 'building';
  const count = Object.values(held).flat().length;
  return count > 0 ? `${count} held` : 'up to date';
}

/** Whether the version under way is ready for its promotion. */
function isBuilt({ building, versions = [] }: Template): boolean {
  return versions.some(({ version, state }) => version === building?.version && state === 'succeeded');
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
      <Values title="It names" of={active?.variables ?? {}} none="nothing of the bridge’s" />
      <Values
        title="It follows"
        of={wanted}
        none={heldValues.length > 0 ? 'nothing: what it followed is held' : 'nothing of the bridge’s'}
      />
      {building && (
        <>
          <dt>{isBuilt(data) ? 'Built' : 'Building'}</dt>
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
            <Value text={value} />
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

function Values({ title, of, none }: { title: string; of: Record<string, string>; none: string }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {Object.keys(of).length === 0 && <span class="quiet">{none}</span>}
        {Object.entries(of).map(([variable, value]) => (
          <div key={variable}>
            <span class="quiet">{variable} = </span>
            <Value text={value} />
          </div>
        ))}
      </dd>
    </>
  );
}
