import type { PlannedCall, Target } from '../target.ts';
import type { V2Client } from './client.ts';
import type { Rollouts } from './rollout-table.ts';
import type { CoderVersion, NewVersion } from './schema.ts';

/** The target on a Coder that is read and not changed, with the calls that would change it, in order. */
export function planCalls(
  coder: V2Client,
  rollouts: Rollouts,
  createTarget: (services: { coder: V2Client; rollouts: Rollouts }) => Target,
): ReturnType<Target['plan']> {
  const calls: PlannedCall[] = [];
  const planned = noteChanges(coder, calls);
  return { target: createTarget({ coder: planned, rollouts: rollouts.inMemory(planned) }), calls };
}

/** Every change is noted, and answered as if it had just begun. */
function noteChanges(coder: V2Client, calls: PlannedCall[]): V2Client {
  const note = (method: PlannedCall['method'], path: string, body?: object) =>
    void calls.push({ method, path: `/api/v2/${path}`, ...(body && { body }) });
  return {
    ...coder,
    async createVersion(organization, version) {
      note('POST', `organizations/${organization}/templateversions`, version);
      return begun(version);
    },
    promote: async (templateId, versionId) =>
      note('PATCH', `templates/${templateId}/versions`, { id: versionId }),
    cancel: async id => note('PATCH', `templateversions/${id}/cancel`),
    async archive(id) {
      note('POST', `templateversions/${id}/archive`);
      return true;
    },
    createWorkspace: async workspace => note('POST', 'users/me/workspaces', workspace),
    deleteWorkspace: async id => note('POST', `workspaces/${id}/builds`, { transition: 'delete' }),
    unarchive: async id => note('POST', `templateversions/${id}/unarchive`),
  };
}

function begun({ name, file_id }: NewVersion): CoderVersion {
  const created_by = { id: '', username: '' };
  return { id: 'new', name, created_at: new Date(0), created_by, job: { status: 'pending', file_id } };
}
