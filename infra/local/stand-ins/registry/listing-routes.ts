import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { API_VERSION, type RepositoryCall } from './access.ts';
import type { RegistryContext } from './context.ts';
import { parseManifest } from './manifest-content.ts';
import { nameUnknown } from './oci-error.ts';
import { orNull, page } from './page.ts';
import { CATALOG } from './scope.ts';
import type { Manifest } from './storage.ts';

/** What the OCI distribution specification lists: repositories, tags, and referrers of a manifest. */
export function listingRoutes({ access, replica, locks }: RegistryContext): Route[] {
  async function tags({ request, repository }: RepositoryCall): Promise<StandInResponse> {
    if ((await replica.manifests(repository)).length === 0) return nameUnknown(repository);
    const listed = (await replica.tags(repository)).filter(({ name }) =>
      locks.allows('list', repository, name),
    );
    const names = listed.map(tag => tag.name);
    const { items, headers } = page(names, name => name, request.url);
    return { status: 200, headers, body: { name: repository, tags: items } };
  }

  async function referrers({ request, repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const type = request.url.searchParams.get('artifactType');
    const manifests = (await replica.manifests(repository))
      .flatMap(manifest => describeReferrer(manifest, reference))
      .filter(({ artifactType }) => type === null || artifactType === type);
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const headers = {
      'content-type': mediaType,
      ...(type === null ? {} : { 'oci-filters-applied': 'artifactType' }),
    };
    return { status: 200, headers, body: { schemaVersion: 2, mediaType, manifests } };
  }

  return [
    access.onRegistry(/^\/v2\/?$/, undefined, () => ({ status: 200, headers: API_VERSION, body: {} })),
    access.onRegistry(/^\/v2\/_catalog$/, CATALOG, async ({ url }) => {
      const names = (await replica.repositories()).filter(name => locks.allows('list', name));
      const { items, headers } = page(names, name => name, url);
      return { status: 200, headers, body: { repositories: orNull(items) } };
    }),
    // ACR wants more here than the `pull` that clients tend to ask for (Azure/acr#600).
    access.onRepository('GET', /^\/v2\/(.+)\/tags\/list$/, ['metadata_read'], tags),
    access.onRepository('GET', /^\/v2\/(.+)\/referrers\/([^/]+)$/, ['pull'], referrers),
  ];
}

/** The descriptor of a manifest that refers to `subject`, or none. */
function describeReferrer({ digest, mediaType, content }: Manifest, subject: string) {
  const parsed = parseManifest(content);
  if (parsed?.subject?.digest !== subject) return [];
  const artifactType = parsed.artifactType ?? parsed.config?.mediaType;
  const { annotations } = parsed;
  return [{ mediaType, digest, size: content.length, artifactType, annotations }];
}
