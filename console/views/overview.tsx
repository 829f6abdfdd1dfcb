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
      <ul class="grid">
        {registries.toSorted(worstFirst).map(registry => (
          <li key={registry.name}>
            <RegistryRow registry={registry} />
          </li>
        ))}
      </ul>
      {templates.length > 0 && (
        <>
          <h2>Templates</h2>
          <ul class="grid">
            {templates.toSorted(worstFirst).map(template => (
              <li key={`${template.organization}/${template.template}`}>
                <TemplateRow template={template} />
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
const LIGHTS: Readonly<Record<string, Light>> = { green: 'good', amber: 'wait', red: 'bad' };

function worstFirst(one: { light: string }, other: { light: string }): number {
  return ORDER.indexOf(one.light) - ORDER.indexOf(other.light);
}

function RegistryRow({ registry }: { registry: Summary['registries'][number] }) {
  const { name, loginServer, light, causes, images, reconciliation, latency, suspended } = registry;
  return (
    <>
      <div class="cells registry">
        <State light={LIGHTS[light] ?? 'none'}>{light}</State>
        <div class="name-cell">
          <a href={linkTo('health', name)}>{name}</a>
          <div class="quiet clip small">
            {loginServer} {suspended && '· suspended'}
          </div>
        </div>
        <div>
          {STATES.filter(state => images.byState[state]).map((state, i) => (
            <span key={state}>
              {i > 0 && ', '}
              <a href={linkTo('image', '', { registry: name, state })}>
                {images.byState[state]?.toLocaleString('en')} {state}
              </a>
            </span>
          ))}
          {images.total === 0 && <span class="quiet">no image yet: push one</span>}
          <div class="quiet small">
            {registry.oldestWaitingPushedOn ? (
              <>
                oldest waits since <Time of={registry.oldestWaitingPushedOn} />
              </>
            ) : (
              'nothing waits'
            )}
          </div>
        </div>
        <div>
          <span class="quiet">event </span>
          <Time of={registry.lastEventOn} none="none yet" />
          <div class="quiet small">
            <a href={linkTo('reconcile', name)}>reconciled</a>{' '}
            {reconciliation.state === 'running' ? 'now' : <Time of={reconciliation.endedOn} none="not yet" />}
            {reconciliation.nextRunOn && (
              <>
                , next <Time of={reconciliation.nextRunOn} />
              </>
            )}
          </div>
        </div>
        <figure>
          <Chart hours={latency.hours} />
          <figcaption class="quiet">
            {latency.p50Ms === undefined || latency.p95Ms === undefined
              ? 'no push in 24 h'
              : `p50 ${duration(latency.p50Ms)}, p95 ${duration(latency.p95Ms)} in 24 h`}
          </figcaption>
        </figure>
      </div>
      <Causes of={causes} />
    </>
  );
}

function TemplateRow({ template: one }: { template: Summary['templates'][number] }) {
  const { organization, template, light, causes, wanted, building, promotedOn, held } = one;
  return (
    <>
      <div class="cells template">
        <State light={LIGHTS[light] ?? 'none'}>{light}</State>
        <div class="name-cell">
          <a href={linkTo('templates', `${organization}/${template}`)}>{template}</a>
        </div>
        <div class="clip">
          {Object.entries(wanted).map(([variable, value]) => (
            <div key={variable} class="clip" title={`${variable} = ${value}`}>
              <span class="quiet">wanted </span>
              <code>{shortImage(value)}</code>
            </div>
          ))}
        </div>
        <div>
          {building ? (
            <>
              <State light="wait">building</State> since <Time of={building.since} />
            </>
          ) : (
            <>
              <span class="quiet">last promotion </span>
              <Time of={promotedOn} none="not yet" />
            </>
          )}
          {held > 0 && <span class="quiet">, {held} held</span>}
        </div>
      </div>
      <Causes of={causes} />
    </>
  );
}

/** Without the host, and with the beginning of the digest. A catalog is a list in JSON. */
function shortImage(value: string): string {
  if (value.startsWith('[')) {
    const count = value.split('"image"').length - 1;
    return `a catalog of ${count} ${count === 1 ? 'image' : 'images'}`;
  }
  return value.replace(/^[^/]+\//, '').replace(/@(sha256:.{8}).*/, '@$1…');
}
