import * as z from 'zod';

/** ACR reads `null` as if the member were not there. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform(value => value ?? undefined);
}

function list<T extends z.ZodType>(schema: T) {
  return z
    .array(schema)
    .nullish()
    .transform(items => items ?? []);
}

const text = optional(z.string());
const Platform = z.looseObject({ architecture: text, os: text });

const Descriptor = z.looseObject({
  mediaType: text,
  digest: z.string(),
  size: z.int(),
  platform: optional(Platform),
  /** Where to get a layer that is not in the registry. */
  urls: list(z.string()),
});
type Descriptor = z.infer<typeof Descriptor>;

/** What a registry reads in a manifest or index, in OCI's or Docker's format. */
const ManifestContent = z.looseObject({
  schemaVersion: optional(z.int()),
  mediaType: text,
  artifactType: text,
  config: optional(Descriptor),
  layers: list(Descriptor),
  /** Of an OCI artifact manifest. */
  blobs: list(Descriptor),
  manifests: list(Descriptor),
  subject: optional(Descriptor),
  annotations: optional(z.record(z.string(), z.unknown())),
});
export type ManifestContent = z.infer<typeof ManifestContent>;

/** Undefined when the bytes are no manifest. */
export function parseManifest(content: Buffer): ManifestContent | undefined {
  return parse(ManifestContent, content);
}

/** What the config of an image says it runs on; undefined for other artifacts. */
export function parsePlatform(config: Buffer): { os: string; architecture: string } | undefined {
  const { os, architecture } = parse(Platform, config) ?? {};
  return os && architecture ? { os, architecture } : undefined;
}

const MANIFEST_TYPES = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** A child of an index is a blob when its type says so, as in the caches of BuildKit. */
function isManifest({ mediaType }: Descriptor): boolean {
  return mediaType === undefined || MANIFEST_TYPES.has(mediaType);
}

/** The digests of manifests that the registry must hold before it takes the index. */
export function manifestsOf({ manifests }: ManifestContent): string[] {
  return manifests.filter(isManifest).map(({ digest }) => digest);
}

/** The digests of blobs that the registry must hold before it takes the manifest. */
export function blobsOf({ config, layers, blobs, manifests }: ManifestContent): string[] {
  const held = layers.filter(layer => layer.urls.length === 0);
  const children = manifests.filter(child => !isManifest(child));
  return [...(config ? [config] : []), ...held, ...blobs, ...children].map(({ digest }) => digest);
}

function parse<T>(schema: z.ZodType<T>, content: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
