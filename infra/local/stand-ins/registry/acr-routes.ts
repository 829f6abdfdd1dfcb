import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import type { RepositoryCall } from './access.ts';
import { describeManifest, describeRepository, describeTag } from './acr-model.ts';
import type { RegistryContext } from './context.ts';
import { disallowed, manifestUnknown, nameUnknown, ociError } from './oci-error.ts';
import { orNull, type Page, page } from './page.ts';
import { CATALOG } from './scope.ts';
import type { Manifest, Tag } from './storage.ts';

const REPOSITORY = /^\/acr\/v1\/(.+)$/;
const TAGS = /^\/acr\/v1\/(.+)\/_tags$/;
const TAG = /^\/acr\/v1\/(.+)\/_tags\/([^/]+)$/;
const MANIFESTS = /^\/acr\/v1\/(.+)\/_manifests$/;
const MANIFEST = /^\/acr\/v1\/(.+)\/_manifests\/([^/]+)$/;

/** ACR's own API, version 2021-07-01, as `@azure/container-registry` speaks it. */
export function acrRoutes(context: RegistryContext): Route[] {
  const { access, storage, replica, locks, loginServer } = context;
  const heading = (repository: string) => ({ registry: loginServer(), imageName: repository });
  const attributesOf = (repository: string, { name, digest }: Tag) =>
    locks.attributes(repository, name, digest);
  const describe = (repository: string, manifest: Manifest, tags: Tag[]) =>
    describeManifest(
      replica,
      repository,
      { ...manifest, tags },
      locks.attributes(repository, manifest.digest),
    );

  async function getRepository({ repository }: RepositoryCall): Promise<StandInResponse> {
    const manifests = await replica.manifests(repository);
    if (manifests.length === 0) return nameUnknown(repository);
    const described = describeRepository(
      manifests,
      await replica.tags(repository),
      locks.attributes(repository),
    );
    return { status: 200, body: { ...heading(repository), ...described } };
  }

  async function deleteRepository({ request, repository }: RepositoryCall): Promise<StandInResponse> {
    const manifests = await storage.manifests(repository);
    if (manifests.length === 0) return nameUnknown(repository);
    if (!locks.allows('delete', repository)) return disallowed();
    const tagsDeleted = (await storage.tags(repository)).map(tag => tag.name);
    for (const manifest of manifests) {
      await storage.deleteManifest(repository, manifest.digest);
      context.announceDelete({ request, repository, manifest });
    }
    const manifestsDeleted = manifests.map(manifest => manifest.digest);
    return { status: 202, body: { manifestsDeleted, tagsDeleted } };
  }

  async function listTags({ request: { url }, repository }: RepositoryCall): Promise<StandInResponse> {
    if ((await replica.manifests(repository)).length === 0) return nameUnknown(repository);
    const digest = url.searchParams.get('digest');
    const tags = (await replica.tags(repository))
      .filter(tag => digest === null || tag.digest === digest)
      .filter(tag => locks.allows('list', repository, tag.name, tag.digest));
    const inOrder = ordered(tags, tag => tag.updatedAt, url);
    const { items, headers } = acrPage(inOrder, tag => tag.name, url);
    // Azure/azure-sdk-for-python#28234: a list without tags has no `tags` at all.
    const listed =
      items.length > 0 ? { tags: items.map(tag => describeTag(tag, attributesOf(repository, tag))) } : {};
    return { status: 200, headers, body: { ...heading(repository), ...listed } };
  }

  async function getTag({ repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const tag = (await replica.tags(repository)).find(({ name }) => name === reference);
    if (!tag) return tagUnknown(reference);
    return {
      status: 200,
      body: { ...heading(repository), tag: describeTag(tag, attributesOf(repository, tag)) },
    };
  }

  /** The manifest stays, and ACR raises no event. */
  async function untag({ repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const tags = await storage.tags(repository);
    if (!tags.some(({ name }) => name === reference)) return tagUnknown(reference);
    if (!locks.allows('delete', repository, reference)) return disallowed();
    await storage.untag(repository, reference);
    return { status: 202 };
  }

  async function listManifests({ request: { url }, repository }: RepositoryCall): Promise<StandInResponse> {
    const manifests = await replica.manifests(repository);
    if (manifests.length === 0) return nameUnknown(repository);
    const inOrder = ordered(manifests, manifest => manifest.createdAt, url);
    const { items, headers } = acrPage(inOrder, manifest => manifest.digest, url);
    const tags = await replica.tags(repository);
    const described = await Promise.all(items.map(item => describe(repository, item, tags)));
    return { status: 200, headers, body: { ...heading(repository), manifests: described } };
  }

  async function getManifest({ repository, reference }: RepositoryCall): Promise<StandInResponse> {
    const manifest = await replica.manifest(repository, reference);
    if (!manifest) return manifestUnknown(reference);
    const tags = await replica.tags(repository);
    const described = await describe(repository, manifest, tags);
    return { status: 200, body: { ...heading(repository), manifest: described } };
  }

  return [
    access.onRegistry(/^\/acr\/v1\/_catalog$/, CATALOG, async ({ url }) => {
      const names = (await replica.repositories()).filter(name => locks.allows('list', name));
      const { items, headers } = acrPage(names, name => name, url);
      return { status: 200, headers, body: { repositories: orNull(items) } };
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
