import type { Acr } from '../azure/acr/client.ts';
import type { ProvePull } from '../azure/acr/tokens.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { type IssuedCredential, type KnownCredential, secretNameOf } from '../credentials/state.ts';
import { once } from '../lib/once.ts';
import type { Registry } from '../records/registry.ts';
import type { Verdict } from './facts.ts';
import { chooseRepository } from './sample-repository.ts';

/** Replicas of ACR and Entra answer in turn, and do not all know a new credential at once. */
const IN_A_ROW = 3;
const BETWEEN_TESTS_MS = 2_000;

/** Tests a login once at the registry. */
type Try = () => Promise<Verdict>;

interface LoginTestServices {
  vault: Vault;
  acr: Acr;
  provePull: ProvePull;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** What the registry says of credentials, with the answers of one run. @throws ServiceError, from both methods */
export interface LoginTests {
  /** Accepted when there is no credential. The run keeps the first answer. */
  verdictOf(credential: KnownCredential | undefined): Promise<Verdict>;
  /** Whether the registry accepts it several times in a row before `goesOn` returns false. */
  comesToWork(candidate: IssuedCredential, goesOn: () => Promise<boolean>): Promise<boolean>;
}

/** @param registry gives the record as it is now */
export function createLoginTests(
  { vault, acr, provePull, wait }: LoginTestServices,
  registry: () => Registry,
  signal: AbortSignal,
): LoginTests {
  /** Test results by secret version. */
  const results = new Map<string, Verdict>();
  const repositoryToTry = once(() => chooseRepository(acr, registry(), signal));

  const pause = () => wait(BETWEEN_TESTS_MS, signal);

  /** Tests once, with exactly what the holder will use; undefined when the password is gone. */
  async function tryOf(credential: KnownCredential): Promise<Try | undefined> {
    const { username, secretVersion, declared } = credential;
    const { name, loginServer } = registry();
    const password = secretVersion && (await vault.find(secretNameOf(name, credential), secretVersion));
    if (!password) return undefined;
    // A supplied credential may cover other repositories, or lack the right to list tags.
    const isSupplied = credentialKind(declared.kind).supplied !== undefined;
    return async () => {
      const repository = isSupplied ? undefined : await repositoryToTry();
      const proof = await provePull({ loginServer, repository }, { username, password }, signal);
      return proof.works ? 'accepted' : proof.why;
    };
  }

  return {
    async verdictOf(credential) {
      if (!credential) return 'accepted';
      const { secretVersion = '' } = credential;
      const result = results.get(secretVersion) ?? (await bestOf(await tryOf(credential), pause));
      results.set(secretVersion, result);
      return result;
    },

    async comesToWork(candidate, goesOn) {
      const test = await tryOf(candidate);
      const goesOnAfterPause = async () => {
        await pause();
        return !signal.aborted && (await goesOn());
      };
      const works = !signal.aborted && (await isAcceptedInARow(test, goesOnAfterPause));
      if (works) results.set(candidate.secretVersion, 'accepted');
      return works;
    },
  };
}

/** One refusal proves nothing: registries answer 401 now and then (github.com/Azure/acr/issues/841). */
async function bestOf(test: Try | undefined, pause: () => Promise<void>): Promise<Verdict> {
  let verdict: Verdict = 'missing';
  for (let tries = 0; test && tries < IN_A_ROW; tries += 1) {
    if (tries > 0) await pause();
    verdict = await test();
    if (verdict === 'accepted') return verdict;
  }
  return verdict;
}

/** @param goesOn waits until the next test, and returns whether there is one */
async function isAcceptedInARow(test: Try | undefined, goesOn: () => Promise<boolean>): Promise<boolean> {
  if (!test) return false;
  let inARow = 0;
  do {
    inARow = (await test()) === 'accepted' ? inARow + 1 : 0;
    if (inARow === IN_A_ROW) return true;
  } while (await goesOn());
  return false;
}
