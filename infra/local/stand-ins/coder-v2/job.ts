export type JobStatus = 'pending' | 'running' | 'succeeded' | 'canceling' | 'canceled' | 'failed';

export interface LogLine {
  id: number;
  at: Date;
  level: 'debug' | 'info' | 'error';
  stage: string;
  output: string;
}

export interface Job {
  id: string;
  type: 'template_version_import' | 'workspace_build';
  status: JobStatus;
  initiatorId: string;
  fileId: string;
  tags: Record<string, string>;
  createdAt: Date;
  startedAt?: Date;
  completedAt?: Date;
  canceledAt?: Date;
  error?: string;
  errorCode?: 'REQUIRED_TEMPLATE_VARIABLES';
  /** Id of the provisioner that has acquired it. */
  workerId?: string;
  logs: LogLine[];
}
