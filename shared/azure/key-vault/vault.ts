import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import * as z from 'zod';
import { describe, ServiceError, statusOf } from '../../errors.ts';
import { remember } from '../../lib/redaction/redact.ts';
import { nameEmptyErrors } from '../sdk/empty-errors.ts';
import { limitAnswers, limitTime } from '../sdk/limits.ts';
import { onlyTo } from '../sdk/only-to.ts';
import { retryOptions } from '../sdk/retries.ts';
import { onlyForVaults } from './vault-tokens.ts';

/** Secrets in Key Vault, the only place where the bridge stores secrets. */
export interface Vault {
  /** @param version as returned by `write`; the latest when absent */
  read(name: string, version?: string): Promise<string>;
  /** As `read`, but undefined when there is no such secret. */
  find(name: string, version?: string): Promise<string | undefined>;
  /** Stores a new version and gives its id. Earlier versions stay readable. */
  write(name: string, value: string, properties?: SecretProperties): Promise<string>;
  /** Disables every version but these, so that revoked secrets cannot be read. */
  keepOnly(name: string, versions: readonly string[]): Promise<void>;
  /** Tests the right to store secrets: updates an existing one without changing it. */
  proveWrite(name: string): Promise<void>;
  /** Deletes the secret with all its versions; succeeds when it does not exist. */
  remove(name: string): Promise<void>;
}

export interface SecretProperties {
  contentType?: string;
  /** Shown to people and monitors; a vault gives the value after it too. */
  expiresOn?: Date;
}

/** Without a limit, a vault that does not answer would delay an import past the 30 s that Event Grid waits. */
const CALL_TIMEOUT_MS = 8_000;
/** A secret has at most 25 KB, and a page of versions 25 of them. */
const LARGEST_ANSWER = 1024 * 1024;

/**
 * @param verifyChallenge false when the vault's authentication challenge does not name the vault's host
 * @throws ServiceError, from every method, `secrets-unavailable`
 */
export function createVault(url: string, credential: TokenCredential, verifyChallenge: boolean): Vault {
  const client = new SecretClient(url, onlyForVaults(credential, url), {
    disableChallengeResourceVerification: !verifyChallenge,
    retryOptions,
    additionalPolicies: [
      ...[limitTime(CALL_TIMEOUT_MS), nameEmptyErrors, limitAnswers(LARGEST_ANSWER), onlyTo(url)],
    ],
  });

  async function store(name: string, value: string, more?: SecretProperties): Promise<string> {
    const { properties } = await client.setSecret(name, remember(value), more);
    return properties.version as string;
  }

  async function fetchValue(name: string, version: string | undefined): Promise<string> {
    const { value } = await client.getSecret(name, version ? { version } : {});
    if (!value) throw new Error('it has no value');
    return remember(value);
  }

  return {
    read: (name, version) => guarded(name, () => fetchValue(name, version)),

    find: (name, version) =>
      guarded(name, async () => {
        try {
          return await fetchValue(name, version);
        } catch (error) {
          // A disabled secret counts as deleted.
          if (statusOf(error) === 404 || isDisabled(error)) return undefined;
          throw error;
        }
      }),

    write: (name, value, properties) =>
      guarded(name, async () => {
        try {
          return await store(name, value, properties);
        } catch (error) {
          // Vaults keep deleted secrets for a while, and their names stay taken.
          if (statusOf(error) !== 409) throw error;
          await (await client.beginRecoverDeletedSecret(name, { intervalInMs: 500 })).pollUntilDone();
          return store(name, value, properties);
        }
      }),

    keepOnly: (name, versions) =>
      guarded(name, async () => {
        for await (const { version, enabled } of client.listPropertiesOfSecretVersions(name)) {
          if (!version || enabled === false || versions.includes(version)) continue;
          await client.updateSecretProperties(name, version, { enabled: false });
        }
      }),

    proveWrite: name =>
      guarded(name, async () => {
        const { properties } = await client.getSecret(name);
        await client.updateSecretProperties(name, properties.version as string, {});
      }),

    remove: name =>
      guarded(name, async () => {
        try {
          await client.beginDeleteSecret(name, { intervalInMs: 500 });
        } catch (error) {
          if (statusOf(error) !== 404) throw error;
        }
      }),
  };
}

async function guarded<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const status = statusOf(error);
    const detail = `${status ? `${status}, ` : ''}${describe(error)}`;
    throw new ServiceError('secrets-unavailable', `Key Vault secret ${name}: ${detail}`, { cause: error });
  }
}

const Disabled = z.object({
  details: z.object({ error: z.object({ innerError: z.object({ code: z.literal('SecretDisabled') }) }) }),
});

/** A disabled secret gives 403, as a missing role does; only the inner error differs. */
function isDisabled(error: unknown): boolean {
  return Disabled.safeParse(error).success;
}
