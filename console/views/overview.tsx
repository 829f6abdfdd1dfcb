import { Causes } from '../parts/causes.tsx';
import { Chart } from '../parts/chart.tsx';
import { NoRegistry } from '../parts/no-registry.tsx';
import { Show } from '../parts/show.tsx';
import { LIGHT_OF, type Light, State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { duration } from '../relative-time.ts';
import { linkTo } from '../route.ts';
import type { Summary } from '../types.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 15_000;
const STATES = ['failed', 'pending', 'imported', 'skipped', 'removed'] as const;

/** How well every registry and every template is, at a glance. */
export function Overview() {
  const summary = useLoaded<Summary>('summary', EVERY_MS);
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <Show of={summary} what="the overview">
        {data => (data.registries.length === 0 ? <NoRegistry /> : <Lists summary={data} />)}
      </Show>
    </>
  );
}

function Lists({ summary: { images, registries, templates, asOf } }: { summary: Summary }) {
  return (
    <>
      <ul class="counts" aria-label="Images by state">
        {STATES.map(state => (
          <li key={state}>
            <a href={linkTo('image', '', { state })}>
              <strong>{(images.byState[state] ?? 0).toLocaleString('en')}</strong>
              <State light={LIGHT_OF[state] ?? 'none'}>{state}</State>
            </a>
          </li>
        ))}
      </ul>
      <h2>Registries</h2>
      <ul class="cards">
        {[...registries].sort(worstFirst).map(registry => (
          <li key={registry.name}>
            <RegistryCard registry={registry} />
          </li>
        ))}
      </ul>
      {templates.length > 0 && (
        <>
          <h2>Templates</h2>
          <ul class="cards">
            {[...templates].sort(worstFirst).map(template => (
              <li key={`${template.organization}/${template.template}`}>
                <TemplateCard template={template} />
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="quiet">
        Images counted <Time of={asOf} none="never" />.
      </p>
    </>
  );
}

const ORDER = ['red', 'amber', 'green'];
const LIGHTS: Readonly<Record<string, [Light, string]>> = {
  green: ['good', 'green'],
  amber: ['wait', 'amber'],
  red: ['bad', 'red'],
};

function worstFirst(one: { light: string }, other: { light: string }): number {
  return ORDER.indexOf(one.light) - ORDER.indexOf(other.light);
}

function LightOf({ of }: { of: string }) {
  const [light, word] = LIGHTS[of] ?? (['none', of] as const);
  return <State light={light}>{word}</State>;
}

function RegistryCard({ registry }: { registry: Summary['registries'][number] }) {
  const { name, loginServer, light, causes, images, reconciliation, latency, suspended } = registry;
  return (
    <article class="card">
      <header>
        <h3>
          <a href={linkTo('health', name)}>{loginServer}</a>
        </h3>
        <LightOf of={light} />
        {suspended && <span class="quiet">suspended</span>}
      </header>
      <Causes of={causes} />
      <div class="card-body">
        <dl class="facts">
          <dt>Images</dt>
          <dd>
            {STATES.filter(state => images.byState[state]).map((state, i) => (
              <span key={state}>
                {i > 0 && ', '}
                <a href={linkTo('image', '', { registry: name, state })}>
                  {images.byState[state]?.toLocaleString('en')} {state}
                </a>
              </span>
            ))}
            {images.total === 0 && <span class="quiet">none yet: push one</span>}
          </dd>
          <dt>Oldest waiting</dt>
          <dd>
            <Time of={registry.oldestWaitingPushedOn} none="nothing waits" />
          </dd>
          <dt>Last event</dt>
          <dd>
            <Time of={registry.lastEventOn} none="none yet" />
          </dd>
          <dt>Reconciled</dt>
          <dd>
            <a href={linkTo('reconcile', name)}>
              {reconciliation.state === 'running' ? (
                'running now'
              ) : (
                <Time of={reconciliation.endedOn} none="not yet" />
              )}
            </a>
            {reconciliation.nextRunOn && (
              <span class="quiet">
                , next <Time of={reconciliation.nextRunOn} />
              </span>
            )}
          </dd>
        </dl>
        <figure>
          <figcaption class="quiet">
            Push to Coder, last 24 h: {latency.count === 0 ? 'no push' : `${latency.count} pushes`}
            {latency.p50Ms !== undefined && `, p50 ${duration(latency.p50Ms)}`}
            {latency.p95Ms !== undefined && `, p95 ${duration(latency.p95Ms)}`}
          </figcaption>
          <Chart hours={latency.hours} />
        </figure>
      </div>
    </article>
  );
}

function TemplateCard({ template: one }: { template: Summary['templates'][number] }) {
  const { organization, template, light, causes, wanted, building, promotedOn, held } = one;
  return (
    <article class="card">
      <header>
        <h3>
          <a href={linkTo('templates', `${organization}/${template}`)}>{template}</a>
        </h3>
        <LightOf of={light} />
      </header>
      <Causes of={causes} />
      <dl class="facts">
        {Object.entries(wanted).map(([variable, value]) => (
          <Wanted key={variable} variable={variable} value={value} />
        ))}
        <dt>Promoted</dt>
        <dd>
          <Time of={promotedOn} none="not yet" />
          {building && (
            <>
              , building <code>{building.version}</code> since <Time of={building.since} />
            </>
          )}
          {held > 0 && `, ${held} held`}
        </dd>
      </dl>
    </article>
  );
}

function Wanted({ variable, value }: { variable: string; value: string }) {
  return (
    <>
      <dt>{variable}</dt>
      <dd class="clip" title={value}>
        <code>{value}</code>
      </dd>
    </>
  );
}
