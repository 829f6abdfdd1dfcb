import { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import { isTimeout, ServiceError, statusOf } from '../../errors.ts';
import type { Pauses } from '../../lib/pauses.ts';
import { timeLimit, untilAborted } from '../../lib/time-limit.ts';
import { saidBy } from '../refusals/said.ts';
import { limitAnswers, limitTime, readText } from '../sdk/limits.ts';
import { onlyReadsLeave } from '../sdk/only-to.ts';
import { retryOptions } from '../sdk/retries.ts';
import type { HostCheck } from './allowed-hosts.ts';
import { type AcrCall, toServiceError } from './errors.ts';
import { heedPauses } from './policies.ts';

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

interface AcrOptions {
  credential: TokenCredential;
  audience: string;
  isAllowedHost: HostCheck;
  pauses: Pauses;
}

/** Clients kept for reuse, each with its ACR tokens. An access token is for one repository, and so is its client. */
const MOST_CLIENTS = 200;
const LARGEST_CONFIG = 4 * 1024 * 1024;
/** A page of a list takes some 500 KB. */
const LARGEST_ANSWER = 8 * 1024 * 1024;
/** Longest time for one call, below that of an import. A cache rule may have to ask its upstream meanwhile. */
const TIMEOUT_MS = 15_000;

/** A manifest of release candidates of OCI 1.1. */
export const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';

/** ACR answers so to clients that do not name that type, as the SDK does not (github.com/Azure/acr/issues/764). */
const HIDES_ARTIFACT = /accept header does not support OCI artifacts/i;

/** Largest page that ACR gives (github.com/Azure/acr/issues/749). */
const PAGE = { maxPageSize: 1_000 };

/** @throws ServiceError, from every method, `registry-unavailable` or `registry-unauthorized` */
export function createAcr({ credential, audience, isAllowedHost, pauses }: AcrOptions): Acr {
  const clients = new Map<string, ContainerRegistryContentClient>();
  const listers = new Map<string, ContainerRegistryClient>();

  function optionsFor(loginServer: string) {
    if (!isAllowedHost(loginServer)) {
      throw new ServiceError(
        'registry-unauthorized',
        `${loginServer} is not an allowed host: the bridge sends it no tokens.`,
      );
    }
    return {
      audience,
      retryOptions,
      additionalPolicies: [
        limitTime(TIMEOUT_MS),
        onlyReadsLeave(`https://${loginServer}`),
        heedPauses(loginServer, pauses),
        limitAnswers(LARGEST_ANSWER),
      ],
    };
  }

  function clientFor(loginServer: string, repository: string): ContainerRegistryContentClient {
    const key = `${loginServer}/${repository}`;
    const client =
      clients.get(key) ??
      new ContainerRegistryContentClient(
        `https://${loginServer}`,
        repository,
        credential,
        optionsFor(loginServer),
      );
    clients.delete(key);
    clients.set(key, client);
    const [oldest] = clients.keys();
    if (clients.size > MOST_CLIENTS && oldest) clients.delete(oldest);
    return client;
  }

  /** One for each registry. It gets a new access token for each repository. */
  function listerFor(loginServer: string): ContainerRegistryClient {
    const lister =
      listers.get(loginServer) ??
      new ContainerRegistryClient(`https://${loginServer}`, credential, optionsFor(loginServer));
    listers.set(loginServer, lister);
    return lister;
  }

  /** A repository that does not exist gives an empty list. After a 401 the next call gets new tokens. */
  async function* list<T>(call: AcrCall, items: () => AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items();
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (isStale(error)) listers.delete(call.loginServer);
      throw toServiceError(call, error, pauses);
    }
  }

  /** A 401 may mean that the tokens ended early, as when a registry's mode is switched, so this retries once with new ones. */
  async function withClient<T>(
    { loginServer, repository, signal }: ImageSource,
    call: (client: ContainerRegistryContentClient, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const fresh = !clients.has(`${loginServer}/${repository}`);
    const limited = () =>
      inTime(signal, abortSignal => call(clientFor(loginServer, repository), abortSignal));
    try {
      return await limited();
    } catch (error) {
      if (isStale(error)) clients.delete(`${loginServer}/${repository}`);
      if (fresh || statusOf(error) !== 401) throw error;
      return limited();
    }
  }

  async function getTag({ loginServer, repository, signal }: ImageSource, tag: string) {
    try {
      const artifact = listerFor(loginServer).getArtifact(repository, tag);
      const { digest, lastUpdatedOn } = await inTime(signal, abortSignal =>
        artifact.getTagProperties(tag, { abortSignal }),
      );
      return { tag, digest, pushedOn: lastUpdatedOn };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      if (isStale(error)) listers.delete(loginServer);
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
        const names = listerFor(loginServer).listRepositoryNames({ abortSignal: signal });
        await inTime(signal, () => names.byPage({ maxPageSize: 1 }).next());
      } catch (error) {
        throw toServiceError({ loginServer, read: 'a repository' }, error, pauses);
      }
    },

    listRepositories: (loginServer, abortSignal) =>
      list({ loginServer, read: 'the list of repositories' }, () =>
        flat(listerFor(loginServer).listRepositoryNames({ abortSignal }).byPage(PAGE), abortSignal),
      ),

    async countTags({ loginServer, repository, signal }) {
      try {
        const found = listerFor(loginServer).getRepository(repository);
        return (await inTime(signal, abortSignal => found.getProperties({ abortSignal }))).tagCount;
      } catch (error) {
        if (statusOf(error) === 404) return 0;
        throw toServiceError({ loginServer, repository, read: 'its number of tags' }, error, pauses);
      }
    },

    async *listTags({ loginServer, repository, signal: abortSignal }) {
      // Any tag will do: given a tag, the service lists the whole repository.
      const artifact = () => listerFor(loginServer).getArtifact(repository, 'latest');
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
