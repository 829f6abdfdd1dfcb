import * as z from 'zod';

// Coder v2's resources; only what is used of them. Unknown fields are ignored, as newer releases add some.

/** What is kept in a table, which takes 32 Ki characters. */
const kept = z.string().max(256);
const Time = z.string().transform(text => new Date(text));

export const CoderUser = z.object({
  id: z.string(),
  username: z.string(),
  /** Those of the whole site; roles in an organization are not among them. */
  roles: z.array(z.object({ name: z.string() })).nullish(),
});
export type CoderUser = z.infer<typeof CoderUser>;

export const CoderOrganization = z.object({ id: z.string(), name: z.string() });
export type CoderOrganization = z.infer<typeof CoderOrganization>;

export const CoderTemplate = z.object({
  id: kept,
  organization_id: kept,
  name: kept,
  active_version_id: kept,
  deprecated: z.boolean().nullish(),
  deprecation_message: z.string().nullish(),
});
export type CoderTemplate = z.infer<typeof CoderTemplate>;

const Job = z.object({
  status: z
    .enum(['pending', 'running', 'succeeded', 'canceling', 'canceled', 'failed', 'unknown'])
    .catch('unknown'),
  error: z.string().nullish(),
  error_code: z.string().nullish(),
  file_id: kept,
  tags: z.record(z.string(), z.string()).nullish(),
  completed_at: Time.nullish(),
});

export const CoderVersion = z.object({
  id: kept,
  name: kept,
  template_id: z.string().nullish(),
  message: z.string().nullish(),
  created_at: Time,
  created_by: z.object({ id: z.string(), username: z.string() }),
  job: Job,
  archived: z.boolean().nullish(),
  /** Only while the import waits for a provisioner. */
  matched_provisioners: z.object({ count: z.int(), available: z.int().nullish() }).nullish(),
});
export type CoderVersion = z.infer<typeof CoderVersion>;

export const CoderVariable = z.object({
  name: z.string(),
  type: z.string(),
  value: z.string(),
  sensitive: z.boolean(),
});
export type CoderVariable = z.infer<typeof CoderVariable>;

export const CoderLog = z.object({
  log_level: z.string(),
  stage: z.string().nullish(),
  output: z.string(),
});
export type CoderLog = z.infer<typeof CoderLog>;

export const CoderError = z.object({
  message: z.string(),
  detail: z.string().nullish(),
  validations: z.array(z.object({ field: z.string(), detail: z.string() })).nullish(),
});

export const BuildInfo = z.object({ version: z.string() });

export const ProvisionerDaemon = z.object({
  status: z.string().nullish(),
  last_seen_at: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
});
export type ProvisionerDaemon = z.infer<typeof ProvisionerDaemon>;

export const ApiKey = z.object({
  id: z.string(),
  expires_at: Time,
  lifetime_seconds: z.number(),
  /** Empty for the key of a person's session. */
  token_name: z.string().nullish(),
  /** Since 2.27. */
  scopes: z.array(z.string()).nullish(),
  /** Releases write an entry in different forms, so it is given back as it came. */
  allow_list: z.array(z.unknown()).nullish(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** `max_token_lifetime` in nanoseconds. */
export const TokenConfig = z.object({ max_token_lifetime: z.number() });

export const IssuedToken = z.object({ key: z.string() });

/** A token as it is made. */
export interface NewToken {
  token_name: string;
  /** Nanoseconds. Those of whole seconds are exact as a number, for longer than Coder allows. */
  lifetime: number;
  scopes?: readonly string[];
  allow_list?: readonly unknown[];
}

export const WorkspaceCount = z.object({ count: z.int() });

const Agent = z.object({
  id: kept,
  name: kept,
  /** The agent that it belongs to, as that of a dev container. */
  parent_id: z.string().nullish(),
  status: z.string(),
  lifecycle_state: z.string(),
  health: z.object({ reason: z.string().nullish() }).nullish(),
});

export const CoderWorkspace = z.object({
  id: kept,
  name: kept,
  owner_id: kept,
  owner_name: z.string(),
  organization_id: kept,
  organization_name: z.string(),
  template_id: kept,
  template_name: z.string(),
  created_at: Time,
  latest_build: z.object({
    transition: z.string(),
    template_version_id: kept,
    job: Job.omit({ file_id: true }),
    resources: z.array(z.object({ agents: z.array(Agent).nullish() })).nullish(),
  }),
});
export type CoderWorkspace = z.infer<typeof CoderWorkspace>;

export const AgentLog = z.object({ output: z.string() });
export type AgentLog = z.infer<typeof AgentLog>;

/** Coder writes these keys with capitals. */
export const CoderPreset = z.object({
  ID: z.string(),
  Name: z.string(),
  Parameters: z.array(z.object({ Name: z.string(), Value: z.string() })).nullish(),
});
export type CoderPreset = z.infer<typeof CoderPreset>;

/** A parameter of a template, as a version offers it. */
export const CoderParameter = z.object({
  name: z.string(),
  options: z.array(z.object({ value: z.string() })).nullish(),
});
export type CoderParameter = z.infer<typeof CoderParameter>;

/** A workspace as it is made. */
export interface NewWorkspace {
  name: string;
  template_version_id: string;
  rich_parameter_values: readonly { name: string; value: string }[];
  template_version_preset_id?: string;
  /** Coder stops it so long after its start. */
  ttl_ms: number;
  automatic_updates: 'never';
}

/** A version as it is made. */
export interface NewVersion {
  name: string;
  message: string;
  template_id: string;
  file_id: string;
  tags: Readonly<Record<string, string>>;
  user_variable_values: readonly { name: string; value: string }[];
}
