/** What a person typed, as far as it can be read. */
export interface Asked {
  /** As in `contoso.azurecr.io`; absent when the text has none. */
  host?: string;
  repository: string;
  tag?: string;
  digest?: string;
}

/** Reads `https://host/repository:tag@digest`, `docker pull host/repository`, or a part of it. */
export function readReference(typed: string): Asked {
  const text = typed
    .trim()
    .replace(/^(?:docker|podman)\s+(?:push|pull|run)\s+/, '')
    .replace(/^[a-z]+:\/\//, '')
    .replace(/^['"]|['"]$/g, '');
  const [name = '', digest] = text.split('@');
  const host = /^([^/]+)\/(?=.)/.exec(name)?.[1];
  const hasHost = host !== undefined && (/[.:]/.test(host) || host === 'localhost');
  const path = hasHost ? name.slice(host.length + 1) : name;
  const [, repository = path, tag] = /^(.*?):([^:/]*)$/.exec(path) ?? [];
  return {
    ...(hasHost && { host: host.toLowerCase() }),
    repository,
    ...(tag && { tag }),
    ...(digest && { digest }),
  };
}
