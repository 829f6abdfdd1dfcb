import { remember } from '../../lib/redaction/redact.ts';
import type { ClientOf } from './client.ts';
import { createIssuing } from './issuing.ts';
import type { RegistryResourceId } from './resource-id.ts';

export interface AdminPasswords {
  username: string;
  /** By name, `password` and `password2`. */
  passwords: Record<string, string>;
}

/** The administrator account of a registry. Its methods throw as `Issuing` does. */
export interface AdminAccount {
  listAdminPasswords(id: RegistryResourceId, signal: AbortSignal): Promise<AdminPasswords>;
  /** The old value of the password stops working at once; the new one works a minute later. */
  regenerateAdminPassword(id: RegistryResourceId, name: string, signal: AbortSignal): Promise<AdminPasswords>;
}

export function createAdminAccount(clientOf: ClientOf): AdminAccount {
  const issuing = createIssuing(clientOf, 'admin');
  return {
    listAdminPasswords: (id, signal) =>
      issuing(id, signal, async ({ registries }, at, options) =>
        toPasswords(await registries.listCredentials(...at, options)),
      ),

    regenerateAdminPassword: (id, name, signal) =>
      issuing(id, signal, async ({ registries }, at, options) => {
        // Without a name Azure regenerates both passwords, and the one that Coder has would stop working.
        const parameters = { name: name as 'password' };
        return toPasswords(await registries.regenerateCredential(...at, parameters, options));
      }),
  };
}

interface FoundPasswords {
  username?: string | undefined;
  passwords?: { name?: string | undefined; value?: string | undefined }[] | undefined;
}

function toPasswords({ username = '', passwords = [] }: FoundPasswords): AdminPasswords {
  const entries = passwords.map(({ name = '', value = '' }) => [name, remember(value)]);
  return { username, passwords: Object.fromEntries(entries) };
}
