import type { Acr } from '../azure/acr.ts';
import type { Login, ProvePull } from '../azure/acr-tokens.ts';
import type { Vault } from '../azure/vault.ts';
import { credentialKind } from '../credentials/kinds.ts';
import { type IssuedCredential, secretNameOf } from '../credentials/state.ts';
import { once } from '../lib/once.ts';
import type { Registry } from '../records/registry.ts';
import { chooseRepository } from './sample-repository.ts';

/** Replicas of ACR and Entra answer in turn, and not all know a new credential at once. */
const IN_A_ROW = 3;
const BETWEEN_TESTS_MS = 2_000;

interface LoginTestServices {
  vault: Vault;
  acr: Acr;
  provePull: ProvePull;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Whether the registry accepts credentials, as far as one run has asked. @throws ServiceError, from both methods */
export interface LoginTests {
  /** True for none. The first answer holds for the whole run. */
  works(credential: IssuedCredential | undefined): Promise<boolean>;
  /** Whether it is accepted several times in a row before `isStillWanted` says no. */
  comesToWork(candidate: IssuedCredential, isStillWanted: () => boolean): Promise<boolean>;
}

/** @param registry gives the record as it is now */
export function createLoginTests(
  { vault, acr, provePull, wait }: LoginTestServices,
  registry: () => Registry,
  signal: AbortSignal,
): LoginTests {
  /** Test results by secret version. */
  const results = new Map<string, boolean>();
  const repositoryToTry = once(() => chooseRepository(acr, registry(), signal));

  async function loginOf({ username, secretVersion }: IssuedCredential): Promise<Login | undefined> {
    const password = await vault.find(secretNameOf(registry().name), secretVersion);
    return password === undefined ? undefined : { username, password };
  }

  /** Asks once, with exactly what Coder will use. */
  async function isAccepted({ declared }: IssuedCredential, login: Login): Promise<boolean> {
    const { loginServer } = registry();
    // A supplied credential may be for other repositories, or may not list tags.
    const isSupplied = credentialKind(declared.kind).supplied !== undefined;
    const repository = isSupplied ? undefined : await repositoryToTry();
    return (await provePull({ loginServer, repository }, login, signal)).works;
  }

  /** One refusal proves nothing: registries answer 401 now and then (github.com/Azure/acr/issues/841). */
  async function isEverAccepted(credential: IssuedCredential): Promise<boolean> {
    const login = await loginOf(credential);
    if (!login) return false;
    for (let tries = 0; tries < IN_A_ROW; tries += 1) {
      if (tries > 0) await wait(BETWEEN_TESTS_MS, signal);
      if (await isAccepted(credential, login)) return true;
    }
    return false;
  }

  async function isAcceptedInARow(candidate: IssuedCredential, goOn: () => boolean): Promise<boolean> {
    const login = await loginOf(candidate);
    let inARow = 0;
    while (login && !signal.aborted) {
      inARow = (await isAccepted(candidate, login)) ? inARow + 1 : 0;
      if (inARow === IN_A_ROW) return true;
      await wait(BETWEEN_TESTS_MS, signal);
      if (!goOn()) return false;
    }
    return false;
  }

  return {
    async works(credential) {
      if (!credential) return true;
      const { secretVersion } = credential;
      const result = results.get(secretVersion) ?? (await isEverAccepted(credential));
      results.set(secretVersion, result);
      return result;
    },

    async comesToWork(candidate, isStillWanted) {
      const works = await isAcceptedInARow(candidate, isStillWanted);
      if (works) results.set(candidate.secretVersion, true);
      return works;
    },
  };
}
