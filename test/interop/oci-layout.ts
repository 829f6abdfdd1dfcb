import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OciBlob, OciManifest } from '../../infra/local/oci-image.ts';

/**
 * Writes the manifest, and all that it refers to, as the folder that skopeo calls `oci:`.
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export async function writeLayout(directory: string, manifest: OciManifest): Promise<void> {
  const { mediaType, digest, content } = manifest;
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest, size: content.length }] }),
  );
  for (const blob of blobsOf(manifest)) await writeFile(blobFile(directory, blob.digest), blob.content);
}

/** What the folder holds of the manifest and of all that it refers to, by digest. @throws when one is missing */
export async function readLayout(directory: string, manifest: OciManifest): Promise<Record<string, Buffer>> {
  const digests = blobsOf(manifest).map(({ digest }) => digest);
  const contents = await Promise.all(digests.map(digest => readFile(blobFile(directory, digest))));
  return Object.fromEntries(digests.map((digest, at) => [digest, contents[at] as Buffer]));
}

/** The manifest and all that it refers to, by digest. */
export function contentsOf(manifest: OciManifest): Record<string, Buffer> {
  return Object.fromEntries(blobsOf(manifest).map(({ digest, content }) => [digest, content]));
}

function blobsOf(manifest: OciManifest): OciBlob[] {
  return [manifest, ...manifest.blobs, ...manifest.manifests.flatMap(blobsOf)];
}

function blobFile(directory: string, digest: string): string {
  return join(directory, 'blobs', ...digest.split(':'));
}
