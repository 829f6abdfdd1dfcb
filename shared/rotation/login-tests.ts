import type { Acr } from '../azure/acr/client.ts';
import type { ProvePull } from '../azure/acr/tokens.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { type IssuedCredential, secretNameOf } from '../credentials/state.ts';
import { once } from '../lib/once.ts';
import type { Registry } from '../records/registry.ts';
import { chooseRepository } from './sample-repository.ts';

/** Replicas of ACR and Entra answer in turn, and do not all know a new credential at once. */
const IN_A_ROW = 3;
const BETWEEN_TESTS_MS = 2_000;

/** Tests a login once at the registry. */
type Try = () => Promise<boolean>;

interface LoginTestServices {
  vault: Vault;
  acr: Acr;
  provePull: ProvePull;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Whether the registry accepts credentials, with the answers of one run. @throws ServiceError, from both methods */
export interface LoginTests {
  /** True when there is no credential. The run keeps the first answer. */
  works(credential: IssuedCredential | undefined): Promise<boolean>;
  /** Whether the registry accepts it several times in a row before `isStillWanted` returns false. */
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

  const pause = () => wait(BETWEEN_TESTS_MS, signal);

  /** Tests once, with exactly what Coder will use; undefined when the password is gone. */
  async function tryOf(credential: IssuedCredential): Promise<Try | undefined> {
    const { username, secretVersion, declared } = credential;
    const { name, loginServer } = registry();
    const password = await vault.find(secretNameOf(name), secretVersion);
    if (password === undefined) return undefined;
    // A supplied credential may cover other repositories, or lack the right to list tags.
    const isSupplied = credentialKind(declared.kind).supplied !== undefined;
    return async () => {
      const repository = isSupplied ? undefined : await repositoryToTry();
      return (await provePull({ loginServer, repository }, { username, password }, signal)).works;
    };
  }

  return {
    async works(credential) {
      if (!credential) return true;
      const { secretVersion } = credential;
      const result = results.get(secretVersion) ?? (await isEverAccepted(await tryOf(credential), pause));
      results.set(secretVersion, result);
      return result;
    },

    async comesToWork(candidate, isStillWanted) {
      const isAccepted = await tryOf(candidate);
      const goesOn = async () => {
        await pause();
        return !signal.aborted && isStillWanted();
      };
      const works = !signal.aborted && (await isAcceptedInARow(isAccepted, goesOn));
      if (works) results.set(candidate.secretVersion, true);
      return works;
    },
  };
}

/** One refusal proves nothing: registries answer 401 now and then (github.com/Azure/acr/issues/841). */
async function isEverAccepted(isAccepted: Try | undefined, pause: () => Promise<void>): Promise<boolean> {
  for (let tries = 0; isAccepted && tries < IN_A_ROW; tries += 1) {
    if (tries > 0) await pause();
    if (await isAccepted()) return true;
  }
  return false;
}

/** @param goesOn waits until the next test, and returns whether there is one */
async function isAcceptedInARow(
  isAccepted: Try | undefined,
  goesOn: () => Promise<boolean>,
): Promise<boolean> {
  if (!isAccepted) return false;
  let inARow = 0;
  do {
    inARow = (await isAccepted()) ? inARow + 1 : 0;
    if (inARow === IN_A_ROW) return true;
  } while (await goesOn());
  return false;
}
