/**
 * Names as the OCI distribution specification defines them.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,}$/;
const LONGEST_REPOSITORY = 255;

export function isRepository(text: string): boolean {
  return text.length <= LONGEST_REPOSITORY && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

export function isDigest(text: string): boolean {
  return text.length <= 256 && DIGEST.test(text);
}

/** One tag of one repository. */
export interface Reference {
  repository: string;
  tag: string;
}

/** Reads `repository:tag`; undefined when the text is not exactly that. */
export function parseReference(text: string): Reference | undefined {
  const colon = text.lastIndexOf(':');
  const repository = text.slice(0, Math.max(colon, 0));
  const tag = text.slice(colon + 1);
  return isRepository(repository) && isTag(tag) ? { repository, tag } : undefined;
}

export function formatReference({ repository, tag }: Reference): string {
  return `${repository}:${tag}`;
}
