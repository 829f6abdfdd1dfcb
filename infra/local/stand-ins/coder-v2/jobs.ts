import { randomUUID } from 'node:crypto';
import type { MovableClock } from '../../clock.ts';
import { CoderError } from './errors.ts';
import type { Job, LogLine } from './job.ts';
import { freeProvisioner } from './provisioners.ts';
import type { CoderState } from './state.ts';

/** Something that a provisioner does. */
export interface Work {
  job: Job;
  durationMs(): number;
  /** A provisioner has taken the job. */
  acquired(): void;
  /** The time is over: decides how it ended, by `succeed` or `fail`. */
  finish(): void;
}

export interface JobQueue {
  add(work: Work): void;
  /** Gives waiting jobs to provisioners that have come meanwhile. */
  wake(): void;
  /** Lets no job go on beyond this state until `release`. */
  hold(state: 'pending' | 'running'): void;
  release(): void;
  /** @throws CoderError 400 for a job that has ended, or is being canceled */
  cancel(job: Job): void;
}

/** After these times Coder's reaper ends jobs that no provisioner takes, or whose provisioner is silent. */
const REAP_PENDING_MS = 30 * 60_000;
const REAP_RUNNING_MS = 5 * 60_000;
/** What a provisioner takes to stop Terraform. */
const CANCEL_MS = 1_000;

export function createJobQueue(
  state: CoderState,
  clock: MovableClock,
  switches: { acquireMs: number },
): JobQueue {
  /** Jobs that may be acquired, and jobs that would be over if nothing held them. */
  const [waiting, due] = [new Set<Work>(), new Set<Work>()];
  let held: 'pending' | 'running' | undefined;

  function acquire(work: Work): void {
    const { job } = work;
    if (job.status !== 'pending') return void waiting.delete(work);
    const provisioner = freeProvisioner(state, job.tags);
    if (held === 'pending' || !provisioner) return;
    waiting.delete(work);
    job.status = 'running';
    job.startedAt = clock.now();
    job.workerId = provisioner.id;
    work.acquired();
    clock.after(work.durationMs(), () => finish(work));
  }
  function finish(work: Work): void {
    const { job } = work;
    due.delete(work);
    if (job.status !== 'running') return;
    if (!held) {
      work.finish();
      return;
    }
    due.add(work);
    clock.after(REAP_RUNNING_MS, () => reap(job, 'running', 'hung for 5 minutes'));
  }
  function reap(job: Job, status: 'pending' | 'running', found: string): void {
    if (job.status !== status) return;
    fail(
      job,
      clock.now(),
      `Coder: Build has been detected as ${found} and has been terminated by the reaper.`,
    );
  }
  return {
    add(work) {
      clock.after(switches.acquireMs, () => {
        waiting.add(work);
        acquire(work);
      });
      clock.after(REAP_PENDING_MS, () => reap(work.job, 'pending', 'pending for 30 minutes'));
    },
    wake() {
      for (const work of [...waiting]) acquire(work);
    },
    hold(at) {
      held = at;
    },
    release() {
      held = undefined;
      for (const work of [...waiting]) acquire(work);
      for (const work of [...due]) finish(work);
    },
    cancel(job) {
      if (job.canceledAt) throw new CoderError(400, 'Job has already been marked as canceled!');
      if (job.completedAt) throw new CoderError(400, 'Job has already completed!');
      job.canceledAt = clock.now();
      if (job.status === 'pending') {
        end(job, 'canceled', clock.now());
        return;
      }
      job.status = 'canceling';
      clock.after(CANCEL_MS, () => job.status === 'canceling' && end(job, 'canceled', clock.now()));
    },
  };
}

export function newJob(fields: Pick<Job, 'type' | 'initiatorId' | 'fileId' | 'tags' | 'createdAt'>): Job {
  return { id: randomUUID(), status: 'pending', logs: [], ...fields };
}

export function succeed(job: Job, at: Date): void {
  end(job, 'succeeded', at);
}

export function fail(job: Job, at: Date, error: string, errorCode?: Job['errorCode']): void {
  job.error = error;
  if (errorCode) job.errorCode = errorCode;
  end(job, 'failed', at);
}

function end(job: Job, status: Job['status'], at: Date): void {
  job.status = status;
  job.completedAt = at;
}

/** Ids of log lines rise over all jobs. */
let lastLogId = 0;

export function log(
  job: Job,
  at: Date,
  stage: string,
  output: string,
  level: LogLine['level'] = 'info',
): void {
  lastLogId += 1;
  job.logs.push({ id: lastLogId, at, level, stage, output });
}
