import * as z from 'zod';

/** The kind of a manifest, with the parts that the import needs. */
export type Manifest =
  | { kind: 'image'; configDigest: string }
  | { kind: 'index'; images: [ImageInIndex, ...ImageInIndex[]] }
  | { kind: 'other'; what: string };

interface ImageInIndex {
  digest: string;
  platform?: string;
}

/** The configuration types of container images; every other type marks another kind of OCI artifact. */
const IMAGE_CONFIGS = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

const Platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

const ImageManifest = z.object({
  config: z.object({ mediaType: z.string(), digest: z.string() }),
  artifactType: z.string().optional(),
  subject: z.unknown().optional(),
});

const ImageIndex = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      artifactType: z.string().optional(),
      platform: Platform.optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
  artifactType: z.string().optional(),
  subject: z.unknown().optional(),
});

/**
 * Tells images from other artifacts in a registry. The event does not say which it is (its media type is that of any
 * OCI manifest), so the manifest's `config.mediaType`, `artifactType` and `subject` decide.
 */
export function classifyManifest(manifest: unknown): Manifest {
  const index = ImageIndex.safeParse(manifest);
  const single = ImageManifest.safeParse(manifest);
  const common = index.data ?? single.data;
  if (!common) return { kind: 'other', what: 'a manifest that is neither an image nor an index' };
  if (common.artifactType) return { kind: 'other', what: `an artifact of type ${common.artifactType}` };
  if (common.subject) return { kind: 'other', what: 'an artifact attached to another manifest' };
  if (index.data) return classifyIndex(index.data);

  const { mediaType, digest } = (single.data as z.infer<typeof ImageManifest>).config;
  if (!IMAGE_CONFIGS.has(mediaType)) return { kind: 'other', what: `an artifact with config ${mediaType}` };
  return { kind: 'image', configDigest: digest };
}

function classifyIndex({ manifests }: z.infer<typeof ImageIndex>): Manifest {
  const [first, ...others] = manifests
    .filter(({ artifactType, platform, annotations }) => {
      // buildx lists its attestations as children of platform unknown/unknown.
      const attached = annotations?.['vnd.docker.reference.type'] !== undefined || platform?.os === 'unknown';
      return !attached && artifactType === undefined;
    })
    .map(({ digest, platform }) => ({ digest, ...(platform && { platform: formatPlatform(platform) }) }));
  return first
    ? { kind: 'index', images: [first, ...others] }
    : { kind: 'other', what: 'an index without images' };
}

/** The parts of an image's configuration that the bridge reads. */
export const ImageConfig = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

/** The platform that a single image's configuration names, if it names one. */
function platformOf({ os, architecture, variant }: ImageConfig): string | undefined {
  return os && architecture ? formatPlatform({ os, architecture, variant }) : undefined;
}

function formatPlatform({ os, architecture, variant }: z.infer<typeof Platform>): string {
  return [os, architecture, variant].filter(part => part).join('/');
}

/** The platforms of an image, or of each image of an index; not all name one. */
export function platformsOf(
  manifest: Exclude<Manifest, { kind: 'other' }>,
  config: ImageConfig | null | undefined,
): string[] {
  const platforms =
    manifest.kind === 'index'
      ? manifest.images.map(({ platform }) => platform)
      : [config ? platformOf(config) : undefined];
  return platforms.filter(platform => platform !== undefined);
}

/** The required platforms that are missing. Any variant of `linux/arm64` counts as `linux/arm64`. */
export function missingPlatforms(required: readonly string[], present: readonly string[]): string[] {
  return required.filter(want => !present.some(have => have === want || have.startsWith(`${want}/`)));
}
