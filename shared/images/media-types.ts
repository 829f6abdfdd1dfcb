const IMAGES = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
const INDEXES = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';

/** The configuration types of container images. */
const IMAGE_CONFIGS = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/**
 * What Docker up to 1.11, and proxies, wrote in place of Docker's own type (github.com/moby/moby/issues/22378,
 * github.com/distribution/distribution/issues/1621). Docker goes on pulling such images.
 */
const OLD_IMAGE_CONFIGS = new Set(['application/octet-stream', 'text/html', 'application/json']);

/** Layers that container runtimes unpack: file systems, compressed or not, encrypted, or kept elsewhere. */
const LAYERS = /^application\/vnd\.(oci\.image\.layer|docker\.(container\.)?image\.rootfs)\./;

const BUILD_CACHE = 'application/vnd.buildkit.cacheconfig.';
const MEDIA_TYPE_LENGTH = 127;

export type ManifestKind = 'image' | 'index' | 'unknown' | 'neither';

/** What a manifest of that media type is; `unknown` when the type is not given. */
export function kindOf(mediaType: string | undefined): ManifestKind {
  if (mediaType === undefined) return 'unknown';
  if (IMAGES.has(mediaType)) return 'image';
  return INDEXES.has(mediaType) ? 'index' : 'neither';
}

/** @param mediaType absent in some old images */
export function isImageConfig(mediaType: string | undefined, manifestType: string | undefined): boolean {
  if (mediaType === undefined || IMAGE_CONFIGS.has(mediaType)) return true;
  return manifestType === DOCKER_IMAGE && OLD_IMAGE_CONFIGS.has(mediaType);
}

/** Referrers carry the configuration type of an image as their artifact type; every other one marks an artifact. */
export function isArtifactType(artifactType: string | undefined): boolean {
  return artifactType !== undefined && !IMAGE_CONFIGS.has(artifactType);
}

export function isLayer(mediaType: string): boolean {
  return LAYERS.test(mediaType);
}

export function isBuildCache(mediaType: string | undefined): boolean {
  return mediaType?.startsWith(BUILD_CACHE) ?? false;
}

/** As much of a media type as a message shows; no registered one is longer (RFC 6838). */
export function shown(mediaType: string): string {
  return mediaType.length > MEDIA_TYPE_LENGTH ? `${mediaType.slice(0, MEDIA_TYPE_LENGTH)}…` : mediaType;
}
