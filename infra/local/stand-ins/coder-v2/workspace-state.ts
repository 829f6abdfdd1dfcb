import type { Job } from './job.ts';

export type AgentStatus = 'connecting' | 'connected' | 'disconnected' | 'timeout';

export interface Agent {
  id: string;
  name: string;
  os: string;
  arch: string;
  connectionTimeout: number;
  createdAt: Date;
  firstConnectedAt?: Date;
  lifecycle: 'created' | 'starting' | 'ready' | 'start_error';
  readyAt?: Date;
  logs: { id: number; at: Date; level: 'info' | 'error'; output: string }[];
}

export interface Build {
  id: string;
  number: number;
  workspaceId: string;
  versionId: string;
  transition: 'start' | 'stop' | 'delete';
  reason: 'initiator';
  initiatorId: string;
  createdAt: Date;
  parameters: Record<string, string>;
  presetId?: string;
  job: Job;
  /** Filled when the job has succeeded. */
  resources: { id: string; type: string; name: string; agents: Agent[] }[];
  /** What its containers run. */
  images: string[];
}

export interface Workspace {
  id: string;
  name: string;
  ownerId: string;
  organizationId: string;
  templateId: string;
  createdAt: Date;
  updatedAt: Date;
  automaticUpdates: 'never' | 'always';
  ttlMs?: number;
  deleted: boolean;
  builds: Build[];
}

export function latestBuild(workspace: Workspace): Build {
  return workspace.builds.at(-1) as Build;
}
