import * as z from 'zod';

const Platform = z.looseObject({ architecture: z.string(), os: z.string() });

const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int(),
  platform: Platform.optional(),
  /** Where to get a layer that is not in the registry. */
  urls: z.array(z.string()).optional(),
});

/** What a registry reads in a manifest or index, in OCI's or Docker's format. */
const ManifestContent = z.looseObject({
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: Descriptor.optional(),
  layers: z.array(Descriptor).default([]),
  manifests: z.array(Descriptor).default([]),
  subject: Descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type ManifestContent = z.infer<typeof ManifestContent>;

/** Undefined when the bytes are no manifest. */
export function parseManifest(content: Buffer): ManifestContent | undefined {
  return parse(ManifestContent, content);
}

/** What the config of an image says it runs on; undefined for other artifacts. */
export function parsePlatform(config: Buffer): z.infer<typeof Platform> | undefined {
  return parse(Platform, config);
}

/** The digests of blobs that the registry must hold before it takes the manifest. */
export function blobsOf({ config, layers }: ManifestContent): string[] {
  return [...(config ? [config] : []), ...layers.filter(layer => !layer.urls?.length)].map(
    ({ digest }) => digest,
  );
}

function parse<T>(schema: z.ZodType<T>, content: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
