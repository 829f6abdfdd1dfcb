import { parseManifest, parsePlatform } from './manifest-content.ts';
import type { Manifest, RegistryStorage, Tag } from './storage.ts';

/** A repository as `/acr/v1` describes it. */
export function describeRepository(manifests: Manifest[], tags: Tag[], changeableAttributes: object) {
  const times = [...manifests.map(manifest => manifest.createdAt), ...tags.map(tag => tag.updatedAt)];
  const ordered = times.map(time => time.toISOString()).sort();
  return {
    createdTime: ordered.at(0),
    lastUpdateTime: ordered.at(-1),
    manifestCount: manifests.length,
    tagCount: tags.length,
    changeableAttributes,
  };
}

/** A tag as `/acr/v1` describes it. */
export function describeTag({ name, digest, createdAt, updatedAt }: Tag, changeableAttributes: object) {
  return {
    name,
    digest,
    createdTime: createdAt.toISOString(),
    lastUpdateTime: updatedAt.toISOString(),
    signed: false,
    changeableAttributes,
  };
}

/**
 * A manifest as `/acr/v1` describes it: an untagged one has no `tags` at all.
 *
 * @param manifest with all tags of the repository
 */
export async function describeManifest(
  storage: Pick<RegistryStorage, 'blob'>,
  repository: string,
  manifest: Manifest & { tags: Tag[] },
  changeableAttributes: object,
) {
  const { digest, mediaType, content, createdAt, tags } = manifest;
  const parsed = parseManifest(content);
  const config = parsed?.config && (await storage.blob(repository, parsed.config.digest));
  const platform = config && parsePlatform(config);
  const names = tags.filter(tag => tag.digest === digest).map(tag => tag.name);
  const parts = [...(parsed?.config ? [parsed.config] : []), ...(parsed?.layers ?? [])];
  return {
    digest,
    imageSize: parts.reduce((sum, { size }) => sum + size, content.length),
    createdTime: createdAt.toISOString(),
    lastUpdateTime: createdAt.toISOString(),
    ...(platform ? { architecture: platform.architecture, os: platform.os } : {}),
    mediaType,
    ...(parsed?.config ? { configMediaType: parsed.config.mediaType } : {}),
    ...(parsed?.manifests.length ? { references: parsed.manifests.map(describeReference) } : {}),
    ...(names.length > 0 ? { tags: names } : {}),
    changeableAttributes,
  };
}

function describeReference(child: {
  digest: string;
  platform?: { architecture?: string | undefined; os?: string | undefined } | undefined;
}) {
  return { digest: child.digest, architecture: child.platform?.architecture, os: child.platform?.os };
}
