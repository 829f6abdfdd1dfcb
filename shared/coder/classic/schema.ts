import * as z from 'zod';

// Coder Classic's resources, with only the fields in use.

/** What is kept in a table. */
const kept = z.string().max(256);

/** Loose, because a setting names the field of the registry kind, if Coder shows it. */
export const CoderRegistry = z.looseObject({
  id: kept,
  organization_id: kept.nullish(),
  registry: z.string(),
  updated_at: kept.nullish(),
});
export type CoderRegistry = z.infer<typeof CoderRegistry>;

export const CoderTag = z.object({
  tag: z.string(),
  /** The digest that Coder last saw. */
  latest_hash: kept.nullish(),
  hash_last_updated_at: z.string().nullish(),
});
export type CoderTag = z.infer<typeof CoderTag>;

export const CoderImage = z.object({
  id: kept,
  organization_id: kept,
  repository: z.string(),
  description: z.string().nullish(),
  url: z.string().nullish(),
  registry: CoderRegistry.nullish(),
  default_tag: CoderTag.nullish(),
  default_cpu_cores: z.number().nullish(),
  default_memory_gb: z.number().nullish(),
  default_disk_gb: z.number().nullish(),
  deprecated: z.boolean().nullish(),
});
export type CoderImage = z.infer<typeof CoderImage>;

export const CoderError = z.object({ error: z.object({ msg: z.string() }) });

/** The fields of an image that the bridge changes. */
export interface ImageChange {
  default_cpu_cores?: number;
  default_memory_gb?: number;
  default_disk_gb?: number;
  description?: string;
  url?: string;
  default_tag?: string;
  deprecated?: boolean;
}

/** A new registry, in the call that imports its first image. */
export interface NewRegistry {
  friendly_name: string;
  registry: string;
  username?: string;
  password?: string;
}

export interface NewImage extends ImageChange {
  registry_id?: string;
  new_registry?: NewRegistry;
  org_id: string;
  repository: string;
  tag: string;
}
