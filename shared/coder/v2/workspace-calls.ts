import * as z from 'zod';
import type { CoderHttp } from '../http.ts';
import { AgentLog, CoderParameter, CoderPreset, CoderWorkspace, type NewWorkspace } from './schema.ts';
import { ignoring } from './status-of.ts';

/** Calls about the workspaces of the bridge's own user. All throw ServiceError. */
export interface WorkspaceCalls {
  /** undefined when there is none, or it was deleted. */
  findOwnWorkspace(name: string, signal: AbortSignal): Promise<CoderWorkspace | undefined>;
  /** Those whose names begin so. */
  listOwnWorkspaces(prefix: string, signal: AbortSignal): Promise<CoderWorkspace[]>;
  /** Does nothing when there is one of that name. */
  createWorkspace(workspace: NewWorkspace, signal: AbortSignal): Promise<void>;
  /** Begins to delete it; does nothing while it is being built, or when it is gone. */
  deleteWorkspace(id: string, signal: AbortSignal): Promise<void>;
  listAgentLogs(agentId: string, signal: AbortSignal): Promise<AgentLog[]>;
  listPresets(versionId: string, signal: AbortSignal): Promise<CoderPreset[]>;
  listParameters(versionId: string, signal: AbortSignal): Promise<CoderParameter[]>;
}

export function createWorkspaceCalls({ send, call, find }: CoderHttp): WorkspaceCalls {
  const id = encodeURIComponent;
  return {
    findOwnWorkspace: (name, signal) => find(CoderWorkspace, `users/me/workspace/${id(name)}`, signal),
    async listOwnWorkspaces(prefix, signal) {
      const searchParams = { q: `owner:me name:${prefix}`, limit: '100' };
      const schema = z.object({ workspaces: z.array(CoderWorkspace) });
      const { workspaces } = await call(schema, 'get', 'workspaces', { signal, searchParams });
      return workspaces.filter(({ name }) => name.startsWith(prefix));
    },
    async createWorkspace(workspace, signal) {
      await ignoring([409], () => send('post', 'users/me/workspaces', { json: workspace, signal }));
    },
    async deleteWorkspace(workspaceId, signal) {
      const json = { transition: 'delete' };
      const at = `workspaces/${id(workspaceId)}/builds`;
      await ignoring([404, 409, 410], () => send('post', at, { json, signal }));
    },
    listAgentLogs: (agentId, signal) =>
      call(z.array(AgentLog), 'get', `workspaceagents/${id(agentId)}/logs`, { signal }),
    async listPresets(versionId, signal) {
      const at = `templateversions/${id(versionId)}/presets`;
      return (await call(z.array(CoderPreset).nullable(), 'get', at, { signal })) ?? [];
    },
    listParameters: (versionId, signal) =>
      call(z.array(CoderParameter), 'get', `templateversions/${id(versionId)}/rich-parameters`, { signal }),
  };
}
