import type { Job, LogLine } from './job.ts';
import type { CoderState } from './state.ts';
import { ZERO_UUID } from './uuid.ts';

/** A job as Coder shows it; what is empty is left out. @param input what the job is for, by id */
export function jobView(state: CoderState, organizationId: string, job: Job, input: object): object {
  const pending = job.status === 'pending' ? waitingJobs(state) : [];
  const worker = state.provisioners.find(({ id }) => id === job.workerId);
  return {
    id: job.id,
    created_at: job.createdAt.toISOString(),
    ...(job.startedAt && { started_at: job.startedAt.toISOString() }),
    ...(job.completedAt && { completed_at: job.completedAt.toISOString() }),
    ...(job.canceledAt && { canceled_at: job.canceledAt.toISOString() }),
    ...(job.error !== undefined && { error: job.error }),
    ...(job.errorCode && { error_code: job.errorCode }),
    status: job.status,
    ...(job.workerId && { worker_id: job.workerId, worker_name: worker?.name ?? '' }),
    file_id: job.fileId,
    tags: job.tags,
    queue_position: pending.indexOf(job) + 1,
    queue_size: pending.length,
    organization_id: organizationId,
    initiator_id: job.initiatorId,
    input,
    type: job.type,
    metadata: {
      template_version_name: '',
      template_id: ZERO_UUID,
      template_name: '',
      template_display_name: '',
      template_icon: '',
    },
    logs_overflowed: false,
  };
}

function waitingJobs({ versions, workspaces }: CoderState): Job[] {
  const jobs = [...versions, ...workspaces.flatMap(({ builds }) => builds)].map(({ job }) => job);
  return jobs.filter(({ status }) => status === 'pending');
}

export function logView({ id, at, level, stage, output }: LogLine): object {
  return { id, created_at: at.toISOString(), log_source: 'provisioner', log_level: level, stage, output };
}
