import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import type { RepositoryCall } from './access.ts';
import { describeManifest, describeRepository, describeTag } from './acr-model.ts';
import type { RegistryContext } from './context.ts';
import { manifestUnknown, nameUnknown, ociError } from './oci-error.ts';
import { type Page, page } from './page.ts';
import { CATALOG } from './scope.ts';

const REPOSITORY = /^\/acr\/v1\/(.+)$/;
const TAGS = /^\/acr\/v1\/(.+)\/_tags$/;
const TAG = /^\/acr\/v1\/(.+)\/_tags\/([^/]+)$/;
const MANIFESTS = /^\/acr\/v1\/(.+)\/_manifests$/;
const MANIFEST = /^\/acr\/v1\/(.+)\/_manifests\/([^/]+)$/;

/** ACR's own API, version 2021-07-01, as `@azure/container-registry` speaks it. */
export function acrRoutes(context: RegistryContext): Route[] {
  const { access, storage, loginServer } = context;
  const heading = (repository: string) => ({ registry: loginServer(), imageName: repository });

  async function getRepository({ repository }: RepositoryCall): Promise<StandInResponse> {
    const manifests = await storage.manifests(repository);
    if (manifests.length === 0) return nameUnknown(repository);
    const described = describeRepository(manifests, await storage.tags(repository));
    return { status: 200, body: { ...heading(repository), ...described } };
  }

  async function deleteRepository({ request, repository }: RepositoryCall): Promise<StandInResponse> {
    const manifests = await storage.manifests(repository);
    if (manifests.length === 0) return nameUnknown(repository);
    const tagsDeleted = (await storage.tags(repository)).map(tag => tag.name);
    for (const manifest of manifests) {
      await storage.deleteManifest(repository, manifest.digest);
      context.announceDelete({ request, repository, manifest });
    }
    const manifestsDeleted = manifests.map(manifest => manifest.digest);
    return { status: 202, body: { manifestsDeleted, tagsDeleted } };
  }

  async function listTags({ request: { url }, repository }: RepositoryCall): Promise<StandInResponse> {
    if ((await storage.manifests(repository)).length === 0) return nameUnknown(repository);
    const digest = url.searchParams.get('digest');
    const tags = (await storage.tags(repository)).filter(tag => digest === null || tag.digest === digest);
    const inOrder = ordered(tags, tag => tag.updatedAt, url);
    const { items, headers } = acrPage(inOrder, tag => tag.name, url);
    // Azure/azure-sdk-for-python#28234: a list without tags has no `tags` at all.
    const listed = items.length > 0 ? { tags: items.map(describeTag) } : {};
    return { status: 200, headers, body: { ...heading(repository), ...listed } };
  }

  async function getTag({ repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const tag = (await storage.tags(repository)).find(({ name }) => name === reference);
    if (!tag) return tagUnknown(reference);
    return { status: 200, body: { ...heading(repository), tag: describeTag(tag) } };
  }

  /** The manifest stays, and ACR raises no event. */
  async function untag({ repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const tags = await storage.tags(repository);
    if (!tags.some(({ name }) => name === reference)) return tagUnknown(reference);
    await storage.untag(repository, reference);
    return { status: 202 };
  }

  async function listManifests({ request: { url }, repository }: RepositoryCall): Promise<StandInResponse> {
    const manifests = await storage.manifests(repository);
    if (manifests.length === 0) return nameUnknown(repository);
    const inOrder = ordered(manifests, manifest => manifest.createdAt, url);
    const { items, headers } = acrPage(inOrder, manifest => manifest.digest, url);
    const tags = await storage.tags(repository);
    const described = await Promise.all(items.map(item => describeManifest(storage, repository, item, tags)));
    return { status: 200, headers, body: { ...heading(repository), manifests: described } };
  }

  async function getManifest({ repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const manifest = await storage.manifest(repository, reference);
    if (!manifest) return manifestUnknown(reference);
    const tags = await storage.tags(repository);
    const described = await describeManifest(storage, repository, manifest, tags);
    return { status: 200, body: { ...heading(repository), manifest: described } };
  }

  return [
    access.onRegistry(/^\/acr\/v1\/_catalog$/, CATALOG, async ({ url }) => {
      const { items, headers } = acrPage(await storage.repositories(), name => name, url);
      return { status: 200, headers, body: { repositories: items } };
    }),
    access.onRepository('GET', TAGS, ['metadata_read'], listTags),
    access.onRepository('GET', TAG, ['metadata_read'], getTag),
    access.onRepository('DELETE', TAG, ['delete'], untag),
    access.onRepository('GET', MANIFESTS, ['metadata_read'], listManifests),
    access.onRepository('GET', MANIFEST, ['metadata_read'], getManifest),
    access.onRepository('GET', REPOSITORY, ['metadata_read'], getRepository),
    access.onRepository('DELETE', REPOSITORY, ['delete'], deleteRepository),
  ];
}

/** A page whose link names the order, even when there is none, but no `api-version`. */
function acrPage<T>(items: T[], key: (item: T) => string, url: URL): Page<T> {
  const digest = url.searchParams.get('digest');
  const orderby = url.searchParams.get('orderby') ?? '';
  return page(items, key, url, { orderby, ...(digest !== null && { digest }) });
}

/** `timeasc` and `timedesc` go by time; anything else keeps the alphabetical order. */
function ordered<T>(items: T[], at: (item: T) => Date, url: URL): T[] {
  const order = url.searchParams.get('orderby');
  if (order !== 'timeasc' && order !== 'timedesc') return items;
  const oldestFirst = items.toSorted((a, b) => at(a).getTime() - at(b).getTime());
  return order === 'timeasc' ? oldestFirst : oldestFirst.reverse();
}

function tagUnknown(tag: string): StandInResponse {
  return ociError(404, 'TAG_UNKNOWN', 'the specified tag does not exist', { Name: tag });
}
