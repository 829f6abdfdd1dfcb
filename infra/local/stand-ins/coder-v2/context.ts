import type { MovableClock } from '../../clock.ts';
import type { Secrets } from '../../secrets.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { JobQueue } from './jobs.ts';
import type { CoderVersion } from './release.ts';
import type { ApiKey, CoderState, User } from './state.ts';
import type { TemplateSource } from './terraform/template-source.ts';

/** What may be changed at any time, from a test or from outside. */
export interface CoderSwitches {
  /** How long a job stays pending though a provisioner is free. */
  acquireMs: number;
  /** How long an import runs. */
  importMs: number;
  /** How long the build of a workspace runs. */
  buildMs: number;
  /** Premium: deprecation, required active version, prebuilt workspaces. */
  licensed: boolean;
  /** Every answer holds fields that this Coder does not have yet. */
  laterFields: boolean;
  /** Requests a minute for each user and path. */
  limits: { api: number; files: number; login: number };
}

/** What starts the containers of a workspace. Without one, no agent ever connects. */
export interface Kubelet {
  /** Called when the build of a workspace has succeeded; it reports by `agents`. */
  start(pod: Pod): void;
}

export interface Pod {
  workspaceId: string;
  images: string[];
  /** Reports of the agents in it. */
  agents: AgentReports;
}

export interface AgentReports {
  connect(): void;
  /** The startup script has ended well. */
  ready(): void;
  /** The startup script has failed. @param output what it printed */
  fail(output: string): void;
}

/** What the calls of Coder share. */
export interface CoderContext {
  state: CoderState;
  version: CoderVersion;
  clock: MovableClock;
  secrets: Secrets;
  switches: CoderSwitches;
  jobs: JobQueue;
  /** Errors that the next imports end with, whatever is in their templates. */
  nextFailures: string[];
  /** What is to be done when an import has ended, by id of the version. */
  afterImport: Map<string, () => void>;
  kubelet: Kubelet | undefined;
  /** The template in a file. @throws HclError */
  templateIn(fileId: string): TemplateSource;
}

/** Who calls, and with which token. */
export interface Caller {
  user: User;
  key: ApiKey;
}

export interface CoderRequest extends StandInRequest {
  caller: Caller;
}

/** A call of Coder that needs a token. `path` comes after `/api/v2`, with `{}` for each part that varies. */
export interface CoderRoute {
  method: string;
  path: string;
  handle(request: CoderRequest): StandInResponse | Promise<StandInResponse>;
}
