import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { CredentialError, ServiceError, statusOf } from '../../errors.ts';
import { remember } from '../../lib/redaction/redact.ts';
import { withoutUndefined } from '../../lib/without-undefined.ts';
import { resourceNameOf } from '../az-commands.ts';
import { entraRefusal } from '../refusals/entra.ts';
import { explainKeyVault, type KeyVaultCall } from '../refusals/key-vault.ts';
import { saidBy } from '../refusals/said.ts';
import { jsonAnswers } from '../sdk/json-answers.ts';
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
  /**
   * Stores a new version and gives its id. Earlier versions stay readable.
   * @throws CredentialError `disallowed-by-policy`
   */
  write(name: string, value: string, more?: SecretDetails): Promise<string>;
  /** Changes what is said of a version that is stored; what is absent stays as it is. */
  describe(name: string, version: string, details: SecretDetails): Promise<void>;
  /** The enabled secrets of the vault that have all these tags. */
  list(tags: Readonly<Record<string, string>>): Promise<ListedSecret[]>;
  /** The newest version of a secret, with its id; undefined when there is no such secret, or it is disabled. */
  newest(
    name: string,
  ): Promise<{ version: string; value: string; tags: Readonly<Record<string, string>> } | undefined>;
  /** Disables one version, so that it cannot be read; succeeds when it does not exist. */
  disable(name: string, version: string): Promise<void>;
  /** Tests the right to store secrets: updates an existing one without changing it. */
  proveWrite(name: string): Promise<void>;
  /** Deletes the secret with all its versions; succeeds when it does not exist, or is being deleted. */
  remove(name: string): Promise<void>;
}

export interface SecretDetails {
  /** End of the secret, which policies of a vault may ask for; absent when it has none, or none is known. */
  expiresOn?: Date | undefined;
  contentType?: string;
  /** At most 15, each of at most 256 characters. */
  tags?: Record<string, string>;
}

export interface ListedSecret {
  name: string;
  createdOn: Date;
  expiresOn?: Date;
  tags: Readonly<Record<string, string>>;
}

/** Without a limit, a vault that does not answer would delay an import past the 30 s that Event Grid waits. */
const CALL_TIMEOUT_MS = 8_000;
/** A secret has at most 25 KB, and a page of versions 25 of them. */
const LARGEST_ANSWER = 1024 * 1024;

/** How often, and how long apart, a secret is looked at that is still being deleted or recovered. */
const LOOKS_AT_DELETED = 20;
const BETWEEN_LOOKS_MS = 1_000;

/** What a vault is created with. */
export interface VaultOptions {
  /** False when the vault's authentication challenge does not name the vault's host. */
  verifyChallenge: boolean;
  wait(ms: number): Promise<void>;
}

/** @throws ServiceError, from every method: `secrets-unavailable`, `secrets-forbidden`, `network-denied`, `token-refused` */
export function createVault(
  url: string,
  credential: TokenCredential,
  { verifyChallenge, wait }: VaultOptions,
): Vault {
  const client = new SecretClient(url, onlyForVaults(credential, url), {
    disableChallengeResourceVerification: !verifyChallenge,
    retryOptions,
    additionalPolicies: [
      ...[limitTime(CALL_TIMEOUT_MS), jsonAnswers, limitAnswers(LARGEST_ANSWER), onlyTo(url)],
    ],
  });

  async function guarded<T>(secret: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toOurError({ vault: resourceNameOf(url), secret }, error);
    }
  }

  async function store(name: string, value: string, more: SecretDetails): Promise<string> {
    const { properties } = await client.setSecret(name, remember(value), withoutUndefined(more));
    return properties.version as string;
  }

  /** Takes up the name of a secret that was deleted. Vaults keep those for a while, and their names stay taken. */
  async function recover(name: string): Promise<void> {
    try {
      await (await client.beginRecoverDeletedSecret(name, { intervalInMs: 500 })).pollUntilDone();
    } catch (error) {
      // It is still being deleted, or another call was faster.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
  }

  async function fetchValue(name: string, version: string | undefined): Promise<string> {
    const { value } = await client.getSecret(name, version ? { version } : {});
    if (!value) throw new Error('it has no value');
    return remember(value);
  }

  return {
    read: (name, version) => guarded(name, () => fetchValue(name, version)),

    find: (name, version) => guarded(name, () => fetchValue(name, version).catch(gone)),

    write: (name, value, more = {}) =>
      guarded(name, async () => {
        for (let looks = 1; ; looks += 1) {
          try {
            return await store(name, value, more);
          } catch (error) {
            if (statusOf(error) !== 409 || looks === LOOKS_AT_DELETED) throw error;
            if (saidBy(error).codes.includes('ObjectIsDeletedButRecoverable')) await recover(name);
            if (looks > 1) await wait(BETWEEN_LOOKS_MS);
          }
        }
      }),

    describe: (name, version, details) =>
      guarded(name, async () => {
        await client.updateSecretProperties(name, version, withoutUndefined(details));
      }),

    list: wanted =>
      guarded('list', async () => {
        const found: ListedSecret[] = [];
        for await (const secret of client.listPropertiesOfSecrets()) {
          const { name, createdOn = new Date(0), expiresOn, tags = {}, enabled } = secret;
          const isWanted = Object.entries(wanted).every(([tag, value]) => tags[tag] === value);
          if (isWanted && enabled !== false)
            found.push({ name, createdOn, tags, ...(expiresOn && { expiresOn }) });
        }
        return found;
      }),

    newest: name =>
      guarded(name, async () => {
        const secret = await client.getSecret(name).catch(gone);
        const { version, tags = {} } = secret?.properties ?? {};
        return version && secret?.value ? { version, value: remember(secret.value), tags } : undefined;
      }),

    disable: (name, version) =>
      guarded(name, async () => {
        await client.updateSecretProperties(name, version, { enabled: false }).catch(gone);
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
          const isBeingDeleted = saidBy(error).codes.includes('ObjectIsBeingDeleted');
          if (statusOf(error) !== 404 && !isBeingDeleted) throw error;
        }
      }),
  };
}

function toOurError(call: KeyVaultCall, error: unknown): Error {
  const { reason, message, ...refusal } = entraRefusal(error) ?? explainKeyVault(saidBy(error), call);
  const details = { ...refusal, cause: error };
  return reason === 'disallowed-by-policy'
    ? new CredentialError(reason, message, details)
    : new ServiceError(reason, message, details);
}

/** A disabled secret counts as deleted. @throws error unless it says that there is no such secret */
function gone(error: unknown): undefined {
  if (statusOf(error) !== 404 && !isDisabled(error)) throw error;
}

/** A disabled secret gives 403, as a missing role does; only the inner code differs. */
function isDisabled(error: unknown): boolean {
  return saidBy(error).codes.includes('SecretDisabled');
}
