import * as z from 'zod';
import type { Vault } from '../azure/key-vault/vault.ts';
import { dockerConfig } from '../credentials/docker-config.ts';
import type { HeldRegistry } from '../credentials/holder.ts';
import { loginOf } from '../credentials/login.ts';

/** What is written to the place that workspaces read: the login of a registry as a docker configuration. */
export interface Content {
  text: string;
  /** When the credential in it expires. */
  expiresOn?: Date | undefined;
}

/**
 * The content for a registry as it is recorded; undefined while it has no credential, or one without a login.
 * @throws ServiceError `secrets-unavailable`
 */
export async function contentFor(registry: HeldRegistry, vault: Vault): Promise<Content | undefined> {
  const { current } = registry.rotation;
  const login = current && (await loginOf(registry, vault));
  if (!login) return undefined;
  const text = JSON.stringify(dockerConfig(registry.loginServer, login));
  return { text, expiresOn: current.expiresOn };
}

const Logins = z.object({ auths: z.record(z.string(), z.unknown()) });

/** Whether a text is a docker configuration with logins of this registry alone. */
export function isOnlyFor(text: string, loginServer: string): boolean {
  try {
    return Object.keys(Logins.parse(JSON.parse(text)).auths).every(host => host === loginServer);
  } catch {
    return false;
  }
}
