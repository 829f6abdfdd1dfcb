import type { ContainerRegistryContentClient } from '@azure/container-registry';
import { isTimeout, statusOf } from '../../errors.ts';
import { timeLimit, untilAborted } from '../../lib/time-limit.ts';
import { saidBy } from '../refusals/said.ts';
import { readText } from '../sdk/limits.ts';
import { type AcrCall, toServiceError } from './errors.ts';
import { type AcrOptions, createSdkClients, TIMEOUT_MS } from './sdk-clients.ts';

/** Reads the content of a registry, with the managed identity. */
export interface Acr {
  /** What a tag or a digest stands for now, or undefined when the registry has no such manifest. */
  getManifest(source: ImageSource, reference: string): Promise<FoundManifest | undefined>;
  /** What the list of tags says of one; undefined when it does not have it. */
  getTag(source: ImageSource, tag: string): Promise<TagInRegistry | undefined>;
  /** The configuration of an image, parsed from JSON. */
  getConfig(source: ImageSource, digest: string): Promise<unknown>;
  /** Lists a first page of repositories. This tests that the registry accepts the bridge's identity. */
  checkAccess(loginServer: string, signal: AbortSignal): Promise<void>;
  listRepositories(loginServer: string, signal: AbortSignal): AsyncIterable<string>;
  /** Number of tags of a repository; 0 when the repository does not exist. */
  countTags(source: ImageSource): Promise<number>;
  /** Yields nothing when the repository does not exist. */
  listTags(source: ImageSource): AsyncIterable<TagInRegistry>;
}

export interface FoundManifest {
  digest: string;
  manifest: unknown;
  /** The media type that the registry gives. */
  mediaType?: string;
}

export interface TagInRegistry {
  tag: string;
  digest: string;
  /** Time of its last push. */
  pushedOn: Date;
}

export interface ImageSource {
  loginServer: string;
  repository: string;
  signal: AbortSignal;
}

const LARGEST_CONFIG = 4 * 1024 * 1024;
/** A manifest of release candidates of OCI 1.1. */
export const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';

/** ACR answers so to clients that do not name that type, as the SDK does not (github.com/Azure/acr/issues/764). */
const HIDES_ARTIFACT = /accept header does not support OCI artifacts/i;

/** Largest page that ACR gives (github.com/Azure/acr/issues/749). */
const PAGE = { maxPageSize: 1_000 };

/** @throws ServiceError, from every method, `registry-unavailable` or `registry-unauthorized` */
export function createAcr(options: AcrOptions): Acr {
  const { pauses } = options;
  const clients = createSdkClients(options);

  /** A repository that does not exist gives an empty list. After a 401 the next call gets new tokens. */
  async function* list<T>(call: AcrCall, items: () => AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items();
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (isStale(error)) clients.forgetLister(call.loginServer);
      throw toServiceError(call, error, pauses);
    }
  }

  /** A 401 may mean that the tokens ended early, as when a registry's mode is switched, so this retries once with new ones. */
  async function withClient<T>(
    { loginServer, repository, signal }: ImageSource,
    call: (client: ContainerRegistryContentClient, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const fresh = !clients.has(loginServer, repository);
    const limited = () =>
      inTime(signal, abortSignal => call(clients.of(loginServer, repository), abortSignal));
    try {
      return await limited();
    } catch (error) {
      if (isStale(error)) clients.forget(loginServer, repository);
      if (fresh || statusOf(error) !== 401) throw error;
      return limited();
    }
  }

  async function getTag({ loginServer, repository, signal }: ImageSource, tag: string) {
    try {
      const artifact = clients.lister(loginServer).getArtifact(repository, tag);
      const { digest, lastUpdatedOn } = await inTime(signal, abortSignal =>
        artifact.getTagProperties(tag, { abortSignal }),
      );
      return { tag, digest, pushedOn: lastUpdatedOn };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      if (isStale(error)) clients.forgetLister(loginServer);
      throw toServiceError({ loginServer, repository, read: `the tag ${tag}` }, error, pauses);
    }
  }

  /** An artifact that ACR hides: its digest comes from the list of tags. */
  async function hiddenArtifact(source: ImageSource, reference: string): Promise<FoundManifest | undefined> {
    const digest = reference.includes(':') ? reference : (await getTag(source, reference))?.digest;
    return digest === undefined ? undefined : { digest, manifest: {}, mediaType: OCI_ARTIFACT };
  }

  return {
    getTag,

    async getManifest(source, reference) {
      try {
        const { digest, manifest, mediaType } = await withClient(source, (client, abortSignal) =>
          client.getManifest(reference, { abortSignal }),
        );
        return { digest, manifest, mediaType };
      } catch (error) {
        const call = { ...source, read: `the manifest ${reference}`, reference, of: 'manifest' } as const;
        if (statusOf(error) !== 404) throw toServiceError(call, error, pauses);
        return HIDES_ARTIFACT.test(saidBy(error).text) ? hiddenArtifact(source, reference) : undefined;
      }
    },

    async getConfig(source, digest) {
      try {
        return await withClient(source, async (client, abortSignal) => {
          const { content } = await client.downloadBlob(digest, { abortSignal });
          return JSON.parse(await readText(content, LARGEST_CONFIG));
        });
      } catch (error) {
        const call = { ...source, read: `the configuration ${digest}`, of: 'config' } as const;
        throw toServiceError(call, error, pauses);
      }
    },

    async checkAccess(loginServer, signal) {
      try {
        const names = clients.lister(loginServer).listRepositoryNames({ abortSignal: signal });
        await inTime(signal, () => names.byPage({ maxPageSize: 1 }).next());
      } catch (error) {
        throw toServiceError({ loginServer, read: 'a repository' }, error, pauses);
      }
    },

    listRepositories: (loginServer, abortSignal) =>
      list({ loginServer, read: 'the list of repositories' }, () =>
        flat(clients.lister(loginServer).listRepositoryNames({ abortSignal }).byPage(PAGE), abortSignal),
      ),

    async countTags({ loginServer, repository, signal }) {
      try {
        const found = clients.lister(loginServer).getRepository(repository);
        return (await inTime(signal, abortSignal => found.getProperties({ abortSignal }))).tagCount;
      } catch (error) {
        if (statusOf(error) === 404) return 0;
        throw toServiceError({ loginServer, repository, read: 'its number of tags' }, error, pauses);
      }
    },

    async *listTags({ loginServer, repository, signal: abortSignal }) {
      // Any tag will do: given a tag, the service lists the whole repository.
      const artifact = () => clients.lister(loginServer).getArtifact(repository, 'latest');
      const tags = list({ loginServer, repository, read: 'the list of tags' }, () =>
        flat(artifact().listTagProperties({ abortSignal }).byPage(PAGE), abortSignal),
      );
      for await (const { name, digest, lastUpdatedOn } of tags) {
        yield { tag: name, digest, pushedOn: lastUpdatedOn };
      }
    },
  };
}

/** A 401 may be about tokens that ended early. What hangs may be a token, for which all calls of a client wait. */
function isStale(error: unknown): boolean {
  return statusOf(error) === 401 || isTimeout(error);
}

/** Makes a call, and waits no longer than it may take: the SDK itself waits for tokens that no signal ends. */
function inTime<T>(signal: AbortSignal, call: (limit: AbortSignal) => Promise<T>): Promise<T> {
  const limit = timeLimit(TIMEOUT_MS, signal);
  return untilAborted(call(limit), limit);
}

async function* flat<T>(pages: AsyncIterableIterator<T[]>, signal: AbortSignal): AsyncIterable<T> {
  for (;;) {
    const { done, value } = await inTime(signal, () => pages.next());
    if (done) return;
    yield* value;
  }
}
