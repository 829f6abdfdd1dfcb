import { useEffect, useState } from 'preact/hooks';
import { call } from '../api.ts';
import { ImageRowOf } from '../parts/image-row.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { inline } from '../parts/prose.tsx';
import { RegistryPicker } from '../parts/registry-picker.tsx';
import { Rows } from '../parts/rows.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { lengthOf } from '../relative-time.ts';
import type { Route } from '../route.ts';
import type { Report } from '../types.ts';
import { useAction } from '../use-action.ts';
import { useLoaded } from '../use-loaded.ts';

const RUNNING_MS = 1_000;
const IDLE_MS = 15_000;

/** Compares registry, records and Coder: first what it would do, then for real. */
export function Reconcile({ route }: { route: Route }) {
  return (
    <>
      <h1 tabIndex={-1}>Reconcile</h1>
      <p class="quiet">
        Compares the registry, the records and Coder about each tag, and fixes what differs. A dry run only
        reports.
      </p>
      <RegistryPicker view="reconcile" chosen={route.rest}>
        {({ name }) => <Runs key={name} name={name} />}
      </RegistryPicker>
    </>
  );
}

function Runs({ name }: { name: string }) {
  const [everyMs, setEvery] = useState(IDLE_MS);
  const [kept, setKept] = useState<{ dry?: Report; real?: Report }>({});
  const path = `registries/${name}/reconciliation`;
  const last = useLoaded<Report>(path, everyMs);
  const { data } = last;
  // The bridge keeps the last run alone: the other kind stays here for as long as the view is open.
  useEffect(() => {
    if (!data) return;
    setKept(before => ({ ...before, [data.dryRun ? 'dry' : 'real']: data }));
    setEvery(data.state === 'running' ? RUNNING_MS : IDLE_MS);
  }, [data]);
  const start = useAction(async (dryRun: boolean) => {
    await call('POST', `registries/${name}/reconcile${dryRun ? '?dryRun=true' : ''}`);
    setEvery(RUNNING_MS);
    last.reload();
    return undefined;
  });
  const isRunning = data?.state === 'running';
  return (
    <>
      <Outcome of={start} />
      {last.error && last.error.status !== 404 && <Outcome of={{ error: last.error }} />}
      <div class="columns">
        <Run title="Dry run" report={kept.dry} none="Shows what differs, and changes nothing.">
          <button type="button" disabled={start.busy || isRunning} onClick={() => start.run(true)}>
            Start a dry run
          </button>
        </Run>
        <Run title="Real run" report={kept.real} none="Fixes what differs. No real run is known.">
          <button
            type="button"
            class="primary"
            disabled={start.busy || isRunning}
            onClick={() => start.run(false)}
          >
            Reconcile now
          </button>
        </Run>
      </div>
    </>
  );
}

interface RunProps {
  title: string;
  report: Report | undefined;
  none: string;
  children: preact.ComponentChildren;
}

function Run({ title, report, none, children }: RunProps) {
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {report && <RunState of={report} />}
      </header>
      <div class="buttons">{children}</div>
      {report ? <Result of={report} /> : <p class="quiet">{none}</p>}
    </section>
  );
}

function RunState({ of: { state } }: { of: Report }) {
  if (state === 'running') return <State light="wait">running</State>;
  return state === 'failed' ? <State light="bad">failed</State> : <State light="good">completed</State>;
}

function Result({ of: report }: { of: Report }) {
  const { state, total, done, startedOn, endedOn, differences, outcomes, findings, message, remedy } = report;
  const found = Object.values(differences).reduce((sum, count) => sum + count, 0);
  return (
    <>
      {state === 'running' && (
        <progress max={Math.max(total, 1)} value={done} aria-label="Progress">
          {`${done} of ${total}`}
        </progress>
      )}
      <p class="quiet">
        {done.toLocaleString('en')} of {total.toLocaleString('en')} tags, started <Time of={startedOn} />
        {endedOn && `, took ${lengthOf(Date.parse(endedOn) - Date.parse(startedOn))}`}
        {report.nextRunOn && (
          <>
            , next run <Time of={report.nextRunOn} />
          </>
        )}
      </p>
      {message && (
        <p class="note bad">
          <code>{report.reason}</code> {inline(message)} {remedy && inline(remedy)}
        </p>
      )}
      <p>
        <strong>
          {found === 0 ? 'No difference found.' : `${found} ${found === 1 ? 'difference' : 'differences'}`}
        </strong>{' '}
        {Object.entries(outcomes)
          .map(([outcome, count]) => `${count} ${outcome}`)
          .join(', ')}
      </p>
      <Rows items={findings} keyOf={({ repository, tag }) => `${repository}:${tag}`} label="Differences">
        {({ repository, tag, difference, state: outcome, reason, meaning }) => (
          <ImageRowOf
            registry={report.registry}
            reference={`${repository}:${tag}`}
            state={outcome}
            reason={reason ?? difference}
            title={meaning}
          >
            {difference}
          </ImageRowOf>
        )}
      </Rows>
      {report.findingsLeftOut && <p class="quiet">and {report.findingsLeftOut} more</p>}
      <Left of={report} />
    </>
  );
}

function Left({ of: { left, registry } }: { of: Report }) {
  const all = Object.entries(left).filter(([, { count }]) => count > 0);
  if (all.length === 0) return null;
  return (
    <>
      <h3>Left as they were</h3>
      {all.map(([why, { count, images }]) => (
        <details key={why}>
          <summary>
            {count.toLocaleString('en')} {why}
          </summary>
          <Rows
            items={images}
            keyOf={({ repository, tag }) => `${repository}:${tag}`}
            label={`Images that are ${why}`}
          >
            {({ repository, tag, reason, meaning }) => (
              <ImageRowOf
                registry={registry}
                reference={`${repository}:${tag}`}
                reason={reason}
                title={meaning}
              />
            )}
          </Rows>
        </details>
      ))}
    </>
  );
}
