import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Secrets } from '../../secrets.ts';

/** What can be said of a version beside its value. Times are in seconds since the epoch, as everywhere in Key Vault. */
export const SecretProperties = z.object({
  contentType: z.string().optional(),
  attributes: z.object({ enabled: z.boolean(), nbf: z.int(), exp: z.int() }).partial().default({}),
  tags: z.record(z.string(), z.string()).optional(),
});
export type SecretProperties = z.infer<typeof SecretProperties>;

export interface SecretVersion extends SecretProperties {
  id: string;
  value: string;
  created: number;
  updated: number;
}

export interface VaultSecret {
  /** Spelt as when it was made; names are compared without regard to case. */
  name: string;
  /** The newest first. */
  versions: [SecretVersion, ...SecretVersion[]];
}

/** A secret that is gone, but can be recovered and keeps its name until it is purged. */
export interface DeletedSecret extends VaultSecret {
  deleted: number;
}

/** What a vault holds. Operations on a secret that is not there give undefined. */
export interface VaultSecrets {
  all(): VaultSecret[];
  find(name: string): VaultSecret | undefined;
  findDeleted(name: string): DeletedSecret | undefined;
  /** Adds a version, to a new secret if there is none of that name. */
  set(name: string, value: string, properties: SecretProperties): VaultSecret;
  /** What `properties` leave out stays as it is. */
  update(version: SecretVersion, properties: SecretProperties): void;
  softDelete(name: string): DeletedSecret | undefined;
  recover(name: string): VaultSecret | undefined;
  purge(name: string): DeletedSecret | undefined;
}

/** @param secrets is told each value */
export function createVaultSecrets(now: () => Date, secrets: Secrets): VaultSecrets {
  const live = new Map<string, VaultSecret>();
  const deleted = new Map<string, DeletedSecret>();
  const seconds = () => Math.floor(now().getTime() / 1000);
  return {
    all: () => [...live.values()],
    find: name => live.get(name.toLowerCase()),
    findDeleted: name => deleted.get(name.toLowerCase()),
    set(name, value, properties) {
      const created = seconds();
      const version: SecretVersion = {
        ...properties,
        id: randomBytes(16).toString('hex'),
        value: secrets.issue(value),
        created,
        updated: created,
      };
      const earlier = live.get(name.toLowerCase());
      const secret: VaultSecret = {
        name: earlier?.name ?? name,
        versions: [version, ...(earlier?.versions ?? [])],
      };
      live.set(name.toLowerCase(), secret);
      return secret;
    },
    update(version, { attributes, ...others }) {
      Object.assign(version, others, { updated: seconds() });
      Object.assign(version.attributes, attributes);
    },
    softDelete(name) {
      const secret = take(live, name);
      if (!secret) return undefined;
      const gone = { ...secret, deleted: seconds() };
      deleted.set(name.toLowerCase(), gone);
      return gone;
    },
    recover(name) {
      const secret = take(deleted, name);
      if (secret) live.set(name.toLowerCase(), { name: secret.name, versions: secret.versions });
      return secret;
    },
    purge: name => take(deleted, name),
  };
}

function take<T>(from: Map<string, T>, name: string): T | undefined {
  const taken = from.get(name.toLowerCase());
  from.delete(name.toLowerCase());
  return taken;
}
