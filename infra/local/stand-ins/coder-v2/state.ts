import type { Job } from './job.ts';
import type { Plan, VariableValue } from './terraform/plan.ts';
import type { Workspace } from './workspace-state.ts';

export interface Organization {
  id: string;
  name: string;
  displayName: string;
  createdAt: Date;
}

export interface User {
  id: string;
  username: string;
  email: string;
  password: string;
  loginType: 'password' | 'none';
  isServiceAccount: boolean;
  /** Names of site roles, and of roles in the organization. */
  roles: string[];
  createdAt: Date;
  lastSeenAt: Date;
  /** Ids of templates whose access list gives this user the role `admin`. */
  templateAdminOf: string[];
  /** Such as `template:update`: taken away from outside, whatever the roles say. */
  revoked: string[];
}

export interface ApiKey {
  /** The first ten characters of the token. */
  id: string;
  secret: string;
  userId: string;
  tokenName: string;
  loginType: 'password' | 'token';
  scopes: string[];
  allowList: { type: string; id: string }[];
  createdAt: Date;
  updatedAt: Date;
  lastUsed: Date;
  expiresAt: Date;
  lifetimeSeconds: number;
}

export interface StoredFile {
  id: string;
  hash: string;
  ownerId: string;
  mimeType: string;
  content: Buffer;
}

export interface Version {
  id: string;
  name: string;
  message: string;
  readme: string;
  organizationId: string;
  /** Absent until a template is made from it. */
  templateId?: string;
  createdById: string;
  createdAt: Date;
  updatedAt: Date;
  archived: boolean;
  job: Job;
  /** Values of the request; those of the active version join them when the job is acquired. */
  given: Map<string, string>;
  /** Filled by the import. */
  variables: VariableValue[];
  /** Present once the import has succeeded. */
  plan?: Plan;
  /** One id for each preset of the plan. */
  presetIds: string[];
}

/** What `PATCH /templates/{id}` changes, with Coder's names. */
export interface TemplateSettings {
  name: string;
  display_name: string;
  description: string;
  icon: string;
  default_ttl_ms: number;
  activity_bump_ms: number;
  allow_user_autostart: boolean;
  allow_user_autostop: boolean;
  allow_user_cancel_workspace_jobs: boolean;
  failure_ttl_ms: number;
  time_til_dormant_ms: number;
  time_til_dormant_autodelete_ms: number;
  require_active_version: boolean;
  max_port_share_level: string;
  use_classic_parameter_flow: boolean;
  cors_behavior: string;
  disable_module_cache: boolean;
}

export interface Template {
  id: string;
  organizationId: string;
  createdById: string;
  createdAt: Date;
  updatedAt: Date;
  activeVersionId: string;
  deprecationMessage: string;
  deleted: boolean;
  settings: TemplateSettings;
}

export interface Provisioner {
  id: string;
  name: string;
  organizationId: string;
  createdAt: Date;
  tags: Record<string, string>;
  /** Absent while it is connected. */
  lastSeenAt?: Date;
}

/** All that the stand-in remembers. */
export interface CoderState {
  organization: Organization;
  users: User[];
  keys: ApiKey[];
  files: StoredFile[];
  templates: Template[];
  versions: Version[];
  provisioners: Provisioner[];
  workspaces: Workspace[];
}

/** The user that owns prebuilt workspaces until a person claims them; Coder's own constant. */
export const PREBUILDS_USER_ID = 'c42fdf75-3097-471c-8c33-fb52454d81c0';
