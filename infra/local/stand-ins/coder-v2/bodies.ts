import * as z from 'zod';
import { CoderError, type Validation } from './errors.ts';

const TEMPLATE_NAME = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const VERSION_NAME = /^[a-zA-Z0-9]+(?:[_.-]{1}[a-zA-Z0-9]+)*$/;

const TemplateName = z.string().max(32).regex(TEMPLATE_NAME).meta({ tag: 'template_name' });
const VersionName = z
  .string()
  .refine(name => name === '' || (name.length <= 64 && VERSION_NAME.test(name)))
  .meta({ tag: 'template_version_name' });
const WorkspaceName = z.string().max(32).regex(TEMPLATE_NAME).meta({ tag: 'username' });
const Tags = z.record(z.string(), z.string()).nullish();
const Values = z.array(z.object({ name: z.string(), value: z.string() })).nullish();

export const NewVersion = z.object({
  name: VersionName.nullish(),
  message: z.string().max(1_048_577).nullish(),
  template_id: z.uuid().nullish(),
  storage_method: z.literal('file'),
  file_id: z.uuid().nullish(),
  provisioner: z.enum(['terraform', 'echo']),
  tags: Tags,
  user_variable_values: Values,
});

export const VersionPatch = z.object({ name: VersionName.nullish(), message: z.string().nullish() });

export const Promotion = z.object({ id: z.uuid() });

export const NewTemplate = z.object({
  name: TemplateName,
  template_version_id: z.uuid(),
  display_name: z.string().nullish(),
  description: z.string().nullish(),
  icon: z.string().nullish(),
  template_use_classic_parameter_flow: z.boolean().nullish(),
});

const Milliseconds = z.int().nullish();
const Switch = z.boolean().nullish();

export const TemplatePatch = z.object({
  name: TemplateName.nullish(),
  display_name: z.string().nullish(),
  description: z.string().nullish(),
  icon: z.string().nullish(),
  default_ttl_ms: Milliseconds,
  activity_bump_ms: Milliseconds,
  allow_user_autostart: Switch,
  allow_user_autostop: Switch,
  allow_user_cancel_workspace_jobs: Switch,
  failure_ttl_ms: Milliseconds,
  time_til_dormant_ms: Milliseconds,
  time_til_dormant_autodelete_ms: Milliseconds,
  require_active_version: Switch,
  max_port_share_level: z.string().nullish(),
  use_classic_parameter_flow: Switch,
  cors_behavior: z.string().nullish(),
  disable_module_cache: Switch,
  deprecation_message: z.string().nullish(),
});

export const FirstUser = z.object({
  email: z.email(),
  username: z.string().min(1),
  password: z.string().min(8),
});
export const Login = z.object({ email: z.string(), password: z.string() });
export const NewUser = z.object({
  email: z.email(),
  username: z.string().min(1),
  password: z.string().nullish(),
  login_type: z.enum(['password', 'none', 'oidc', 'github']).nullish(),
  organization_ids: z.array(z.string()).nullish(),
  service_account: z.boolean().nullish(),
});
export const Roles = z.object({ roles: z.array(z.string()) });

export const NewToken = z.object({
  token_name: z.string().max(64).nullish(),
  /** Nanoseconds. */
  lifetime: z.number().nullish(),
  scope: z.string().nullish(),
  scopes: z.array(z.string()).nullish(),
  allow_list: z.array(z.object({ type: z.string(), id: z.string() })).nullish(),
});

export const Checks = z.object({
  checks: z.record(
    z.string(),
    z.object({
      object: z.object({
        resource_type: z.string(),
        owner_id: z.string().nullish(),
        organization_id: z.string().nullish(),
        resource_id: z.string().nullish(),
      }),
      action: z.string(),
    }),
  ),
});

export const NewWorkspace = z.object({
  name: WorkspaceName,
  template_id: z.uuid().nullish(),
  template_version_id: z.uuid().nullish(),
  rich_parameter_values: Values,
  template_version_preset_id: z.uuid().nullish(),
  ttl_ms: z.int().nullish(),
  automatic_updates: z.enum(['never', 'always']).nullish(),
});

export const NewBuild = z.object({
  transition: z.enum(['start', 'stop', 'delete']),
  template_version_id: z.uuid().nullish(),
  rich_parameter_values: Values,
  orphan: z.boolean().nullish(),
});

export const AutomaticUpdates = z.object({ automatic_updates: z.enum(['never', 'always']) });

/** Reads a body; fields that are not known are ignored, as Coder does. @throws CoderError 400 */
export function parseBody<T>(schema: z.ZodType<T>, body: Buffer): T {
  const value = parseJson(body);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const validations = parsed.error.issues.map(({ path }) => validationOf(schema, path, value));
  throw new CoderError(400, 'Validation failed.', { validations });
}

/** In the words of Go's validator, which names the rule and the value. */
function validationOf(schema: z.ZodType, path: PropertyKey[], value: unknown): Validation {
  const field = path.map(String).join('.');
  const inner = schema instanceof z.ZodObject ? (schema.shape[field] as z.ZodType | undefined) : undefined;
  const rule = inner instanceof z.ZodOptional ? unwrapped(inner) : inner;
  const tag = (rule && z.globalRegistry.get(rule)?.tag) ?? 'required';
  const given = (value as Record<string, unknown> | null)?.[field] ?? '';
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return { field, detail: `Validation failed for tag "${tag}" with value: "${text}"` };
}

function unwrapped(schema: z.ZodOptional): z.ZodType {
  const inner = schema.unwrap();
  return (inner instanceof z.ZodNullable ? inner.unwrap() : inner) as z.ZodType;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new CoderError(400, 'Request body must be valid JSON.', { detail: (error as Error).message });
  }
}

/** Name and value pairs as a map. */
export function valuesIn(
  values: readonly { name: string; value: string }[] | null | undefined,
): Map<string, string> {
  return new Map((values ?? []).map(({ name, value }) => [name, value]));
}
