/** A reference as containers name their images. */
export interface ImageReference {
  /** With its port. */
  host: string;
  repository: string;
  /** What the manifest is asked for by: the digest wins over the tag. */
  manifest: string;
  digest: string | undefined;
}

/** @throws for what is no reference with a registry */
export function parseImage(text: string): ImageReference {
  const [, host, repository, tag, digest] =
    /^([^/]+[.:][^/]*|localhost)\/([a-z0-9._/-]+)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ??
    [];
  if (!host || !repository) throw new Error(`couldn't parse image name "${text}": invalid reference format`);
  return { host, repository, manifest: digest ?? tag ?? 'latest', digest };
}
