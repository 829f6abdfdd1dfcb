import * as z from 'zod';
import { CoderError } from './errors.ts';

const Text = z.string().min(1);
const Positive = z.number().positive();
const PositiveInt = z.int().positive();
const RegistryHost = z.string().regex(/^[a-z0-9.-]+(:\d+)?$/i, 'is not host or host:port');
/** Release notes of 1.23.1. */
const Password = z.string().max(32 * 1024);

const RegistryKind = z.enum(['generic', 'acr']);
const REGISTRY_FIELDS = {
  friendly_name: Text,
  registry: RegistryHost,
  username: z.string().default(''),
  password: Password.default(''),
};

/**
 * Body of `POST /images`.
 * @param kindField what this deployment calls the registry kind: the public SDK is older than that field
 */
export function importBody(kindField: string) {
  const NewRegistry = z
    .strictObject({ ...REGISTRY_FIELDS, [kindField]: RegistryKind.optional() })
    // Typed wide, because its own type cannot name the field.
    .transform((body: Record<string, string | undefined>) => ({
      ...z.object(REGISTRY_FIELDS).parse(body),
      kind: RegistryKind.parse(body[kindField] ?? 'generic'),
    }));
  return z
    .strictObject({
      registry_id: Text.nullish(),
      new_registry: NewRegistry.nullish(),
      repository: Text,
      org_id: Text,
      tag: Text,
      default_cpu_cores: Positive,
      default_memory_gb: PositiveInt,
      default_disk_gb: PositiveInt,
      description: z.string().default(''),
      url: z.string().default(''),
    })
    .refine(body => Boolean(body.registry_id) !== Boolean(body.new_registry), {
      error: 'exactly one of registry_id and new_registry is needed',
    });
}
export type NewRegistry = NonNullable<z.infer<ReturnType<typeof importBody>>['new_registry']>;

/** In both PATCH bodies null means "as it is": the fields of the Go SDK are pointers. */
export const RegistryPatch = z.strictObject({
  registry: RegistryHost.nullish(),
  friendly_name: Text.nullish(),
  username: z.string().nullish(),
  password: Password.nullish(),
});

export const ImagePatch = z.strictObject({
  default_cpu_cores: Positive.nullish(),
  default_memory_gb: Positive.nullish(),
  default_disk_gb: PositiveInt.nullish(),
  description: z.string().nullish(),
  url: z.string().nullish(),
  deprecated: z.boolean().nullish(),
  default_tag: Text.nullish(),
});

export const NewTag = z.strictObject({ tag: Text, default: z.boolean() });

/** @throws CoderError 400 that names every fault of the body */
export function parseBody<T>(schema: z.ZodType<T>, body: Buffer): T {
  const parsed = schema.safeParse(parseJson(body));
  if (!parsed.success) throw new CoderError(400, `invalid request: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The fields that a PATCH really sets. */
export function given<T extends object>(patch: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(patch).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new CoderError(400, 'invalid request: the body is not JSON');
  }
}
