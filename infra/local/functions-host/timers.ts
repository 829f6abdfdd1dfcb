import { Cron } from 'croner';
import { type HostedFunction, type TriggerOf, withTrigger } from './functions.ts';
import type { Invoke } from './invocation.ts';

type TimerFunction = HostedFunction<TriggerOf<'timerTrigger'>>;

export interface Timers {
  start(): void;
  stop(): void;
}

const VALUE = '(?:\\d+|[a-z]{3})';
const ITEM = `(?:\\*|${VALUE}(?:-${VALUE})?)(?:/\\d+)?`;
/** croner knows more than NCRONTAB does, such as `L`, `W`, `#` and `@daily`; the platform would refuse these. */
const NCRONTAB = new RegExp(`^${ITEM}(?:,${ITEM})*(?:\\s+${ITEM}(?:,${ITEM})*){4,5}$`, 'i');

/**
 * The timers, each of which never runs twice at once.
 * @throws when a schedule is not one, or names a setting that is missing
 */
export function createTimers(
  functions: HostedFunction[],
  settings: NodeJS.ProcessEnv,
  invoke: Invoke,
): Timers {
  const timers = withTrigger(functions, 'timerTrigger')
    .filter(fn => !fn.disabled)
    .map(fn => ({
      job: createJob(fn, resolveSettings(fn.trigger.schedule, settings)),
      run: () => runTimer(fn, invoke).catch(ignoreLogged),
      runOnStartup: fn.trigger.runOnStartup,
    }));
  return {
    start() {
      for (const { job, run, runOnStartup } of timers) {
        job.schedule(run);
        if (runOnStartup) void job.trigger();
      }
    },
    stop() {
      for (const { job } of timers) job.stop();
    },
  };
}

/** Runs a timer's function once, now. */
export async function runTimer(fn: TimerFunction, invoke: Invoke): Promise<void> {
  // In the casing of the platform, which the library changes. There is no schedule monitor, so there is no status.
  const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false };
  await invoke(fn, { json: JSON.stringify(timer) });
}

/** A failure is in the log already, and the next tick is the timer's only retry. */
function ignoreLogged(): void {}

/** NCRONTAB wants both day and weekday to fit, where cron takes either. */
function createJob({ name }: TimerFunction, expression: string): Cron {
  if (!NCRONTAB.test(expression)) {
    throw new Error(`"${expression}", the schedule of function "${name}", is not an NCRONTAB expression`);
  }
  return new Cron(expression, {
    timezone: 'UTC',
    mode: '5-or-6-parts',
    domAndDow: true,
    sloppyRanges: true,
    protect: true,
  });
}

function resolveSettings(text: string, settings: NodeJS.ProcessEnv): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined)
      throw new Error(`the setting "${name}", which a timer's schedule names, is missing`);
    return value;
  });
}
