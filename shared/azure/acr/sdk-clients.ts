import { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import type { Pauses } from '../../lib/pauses.ts';
import { jsonAnswers } from '../sdk/json-answers.ts';
import { limitAnswers, limitTime } from '../sdk/limits.ts';
import { onlyReadsLeave } from '../sdk/only-to.ts';
import type { AdditionalPolicy } from '../sdk/policy.ts';
import { retryOptions } from '../sdk/retries.ts';
import { type HostCheck, refuseOtherHost } from './allowed-hosts.ts';
import { respectPauses } from './respect-pauses.ts';

export interface AcrOptions {
  credential: TokenCredential;
  audience: string;
  isAllowedHost: HostCheck;
  pauses: Pauses;
}

/**
 * The SDK's clients, kept for reuse with the tokens that they hold. They take no tokens from tokens.ts: their constructor
 * accepts an Entra credential only, and their own challenge handler exchanges it (containerRegistryClient.js of
 * @azure/container-registry). Those requests go through the same policies, which keep them at the registry; the tests of
 * tokens.ts and of `onlyTo` have the SDK's calls in the same tables.
 */
export interface SdkClients {
  /** Reads one repository. */
  of(loginServer: string, repository: string): ContainerRegistryContentClient;
  /** Whether there is such a client, which may hold tokens that ended early. */
  has(loginServer: string, repository: string): boolean;
  forget(loginServer: string, repository: string): void;
  /** Lists what a registry has. It gets a new access token for each repository. */
  lister(loginServer: string): ContainerRegistryClient;
  forgetLister(loginServer: string): void;
}

/** Clients kept for reuse, each with its ACR tokens. An access token is for one repository, and so is its client. */
const MOST_CLIENTS = 200;
/** A page of a list takes some 500 KB. */
const LARGEST_ANSWER = 8 * 1024 * 1024;
/** Longest time for one call, below that of an import. A cache rule may have to ask its upstream meanwhile. */
export const TIMEOUT_MS = 15_000;

/** Its functions throw ServiceError `registry-unauthorized` for hosts that are not allowed. */
export function createSdkClients({ credential, audience, isAllowedHost, pauses }: AcrOptions): SdkClients {
  const clients = new Map<string, ContainerRegistryContentClient>();
  const listers = new Map<string, ContainerRegistryClient>();

  function optionsFor(loginServer: string, first: AdditionalPolicy[] = []) {
    refuseOtherHost(isAllowedHost, loginServer, 'tokens');
    return {
      audience,
      retryOptions,
      additionalPolicies: [
        ...first,
        limitTime(TIMEOUT_MS),
        onlyReadsLeave(`https://${loginServer}`),
        respectPauses(loginServer, pauses),
        limitAnswers(LARGEST_ANSWER),
      ],
    };
  }

  function of(loginServer: string, repository: string): ContainerRegistryContentClient {
    const key = keyOf(loginServer, repository);
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

  function lister(loginServer: string): ContainerRegistryClient {
    const found =
      listers.get(loginServer) ??
      new ContainerRegistryClient(
        `https://${loginServer}`,
        credential,
        optionsFor(loginServer, [jsonAnswers]),
      );
    listers.set(loginServer, found);
    return found;
  }

  return {
    of,
    has: (loginServer, repository) => clients.has(keyOf(loginServer, repository)),
    forget: (loginServer, repository) => void clients.delete(keyOf(loginServer, repository)),
    lister,
    forgetLister: loginServer => void listers.delete(loginServer),
  };
}

function keyOf(loginServer: string, repository: string): string {
  return `${loginServer}/${repository}`;
}
