import { resourceNameOf } from '../azure/az-commands.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import { ServiceError, StorageError, statusOf } from '../errors.ts';
import { type Check, fine, type Verdict, wrong } from '../lib/check.ts';
import { remedyOf } from '../reasons.ts';
import { forPrincipal, missingRole } from './commands.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface StorageCheckServices {
  vault: Vault;
  /** Reads and writes each table once. @throws StorageError */
  proveTables(): Promise<void>;
  settings: { TABLES_URL: string; KEY_VAULT_URL: string; CODER_TOKEN_SECRET: string };
}

/** Checks of the bridge's storage: tables for records, Key Vault for secrets. */
export function storageChecks({ vault, proveTables, settings }: StorageCheckServices): Check<Diagnosis>[] {
  const { TABLES_URL, KEY_VAULT_URL, CODER_TOKEN_SECRET } = settings;
  return [
    {
      name: 'tables',
      truth: 'The tables `registries` and `images` can be read and written.',
      needs: ['managed-identity'],
      async run({ principalId }) {
        try {
          await proveTables();
          return fine(`${TABLES_URL} takes reads and writes.`);
        } catch (error) {
          if (!(error instanceof StorageError)) throw error;
          return explainTables(error, principalId, TABLES_URL);
        }
      },
    },
    {
      name: 'key-vault-read',
      truth: "Key Vault gives the bridge Coder's session token.",
      needs: ['managed-identity'],
      async run({ principalId }) {
        try {
          const token = await vault.find(CODER_TOKEN_SECRET);
          if (token !== undefined) return fine(`Key Vault has the secret ${CODER_TOKEN_SECRET}.`);
          return wrong(
            'secret-missing',
            `Key Vault has no secret ${CODER_TOKEN_SECRET} that is switched on.`,
            `Make a token for the bridge in Coder (docs/deploy-on-azure.md says how), then run: az keyvault secret set --vault-name ${resourceNameOf(KEY_VAULT_URL)} --name ${CODER_TOKEN_SECRET} --value TOKEN`,
          );
        } catch (error) {
          return explainVault(error, principalId);
        }
      },
    },
    {
      name: 'key-vault-write',
      truth: 'Key Vault lets the bridge store credentials.',
      needs: ['key-vault-read'],
      async run({ principalId }) {
        try {
          await vault.proveWrite(CODER_TOKEN_SECRET);
          return fine('Key Vault takes changes.');
        } catch (error) {
          return explainVault(error, principalId);
        }
      },
    },
  ];
}

function explainVault(error: unknown, principalId: string): Verdict {
  if (!(error instanceof ServiceError)) throw error;
  const { reason, message, remedy } = error;
  const shown = VAULT_REASONS[reason] ?? reason;
  return wrong(shown, message, forPrincipal(remedy ?? remedyOf(reason) ?? '', principalId));
}

/** What findings call them: other checks have reasons of this kind too. */
const VAULT_REASONS: Record<string, string> = {
  'secrets-forbidden': 'vault-forbidden',
  'secrets-unavailable': 'vault-unavailable',
};

function explainTables(error: StorageError, principalId: string, url: string): Verdict {
  const status = statusOf(error.cause);
  const account = resourceNameOf(url);
  if (status === 401 || status === 403) {
    const scope = `"$(az storage account show --name ${account} --query id --output tsv)"`;
    const remedy = missingRole('Storage Table Data Contributor', principalId, scope);
    const network = 'If the role is assigned, check the network rules of the storage account.';
    return wrong('tables-forbidden', error.message, `${remedy}\n${network}`);
  }
  if (status === 404) {
    const create = (table: string) =>
      `az storage table create --account-name ${account} --auth-mode login --name ${table}`;
    const remedy = `Create the tables: ${create('registries')} && ${create('images')}`;
    return wrong('table-missing', error.message, remedy);
  }
  const remedy = `Check TABLES_URL (${url}), and that the app's network reaches the storage account.`;
  return wrong('tables-unavailable', error.message, remedy);
}
