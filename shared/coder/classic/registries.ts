import type { Vault } from '../../azure/vault.ts';
import { credentialKind } from '../../credentials/credential.ts';
import { ConflictError, ServiceError } from '../../errors.ts';
import { REGISTRY_KEY } from '../../image-keys.ts';
import type { Link, LinkKey, Links } from '../../links.ts';
import type { Registry } from '../../registry.ts';
import type { ClassicClient } from './client.ts';
import type { CoderRegistry, NewRegistry } from './schema.ts';

/** How the call that imports an image names its registry. */
export type RegistryOfImage = { registry_id: string } | { new_registry: NewRegistry };

/** Our registries as Coder Classic has them, and the credentials that it was given. */
export interface ClassicRegistries {
  /** @throws ServiceError when neither the registry nor the settings name an organization */
  organizationOf(registry: Registry): string;
  has(registry: Registry): Promise<boolean>;
  /** Whether Coder still has the registry, if it ever had it. */
  isKept(registry: Registry, signal: AbortSignal): Promise<boolean>;
  /**
   * Runs `importImage` with the registry's id in Coder or, since Coder adds a registry only together with an image,
   * with what makes the call add it. No two workers add the same registry.
   */
  withRegistry<I extends { registry?: CoderRegistry | null | undefined }>(
    registry: Registry,
    signal: AbortSignal,
    importImage: (registry: RegistryOfImage) => Promise<I>,
  ): Promise<I>;
  /** Gives Coder the credential unless it holds it. `seenId` is the registry's id that an image in Coder names, if one was looked at. */
  deliverCredential(registry: Registry, seenId: string | undefined, signal: AbortSignal): Promise<void>;
}

interface Options {
  coder: ClassicClient;
  links: Links;
  vault: Vault;
  organizationId: string | undefined;
  acrKind: { field: string; value: string };
  /** The registry as it is recorded now. */
  findRegistry(name: string): Promise<Registry | undefined>;
}

export function createClassicRegistries(options: Options): ClassicRegistries {
  const { coder, links, vault } = options;

  function organizationOf(registry: Registry): string {
    const organizationId = registry.organizationId ?? options.organizationId;
    if (organizationId) return organizationId;
    const message = 'Neither the registry nor the setting CODER_ORGANIZATION_ID names an organization.';
    throw new ServiceError('coder-rejected', message);
  }

  /** Read under the lease of the registry's link, so that no older credential is given after a newer one. */
  async function latest(registry: Registry): Promise<Registry> {
    const current = await options.findRegistry(registry.name);
    if (!current) throw new ConflictError('The registry was removed.');
    return current;
  }

  /** The registry's id in Coder, if the link is about the organization that the registry belongs to now. */
  function idIn(link: Link, registry: Registry): string | undefined {
    return link.organizationId === organizationOf(registry) ? link.coderId : undefined;
  }

  /** Gives Coder the credential unless it holds it, and notes that. False when Coder has no such registry. */
  async function give(
    registry: Registry,
    coderId: string,
    link: Link,
    signal: AbortSignal,
  ): Promise<boolean> {
    const version = versionOf(registry);
    const holdsIt = link.coderId === coderId && link.credentialVersion === version;
    const login = holdsIt ? undefined : await loginOf(registry, vault);
    const exists = login ? await coder.updateRegistry(coderId, login, signal) : true;
    if (exists) {
      Object.assign(link, { coderId, organizationId: organizationOf(registry), credentialVersion: version });
    } else {
      delete link.coderId;
      delete link.credentialVersion;
    }
    return exists;
  }

  async function deliverCredential(
    registry: Registry,
    seenId: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const isDelivered = (link: Link): boolean => {
      const id = seenId ?? idIn(link, registry);
      // Without an id Coder does not have the registry yet: it gets the credential with the first image.
      if (id === undefined) return true;
      return idIn(link, registry) === id && link.credentialVersion === versionOf(registry);
    };
    if (isDelivered(await links.read(keyOf(registry)))) return;
    await links.hold(keyOf(registry), signal, async link => {
      const current = await latest(registry);
      const id = seenId ?? idIn(link, current);
      if (id !== undefined) await give(current, id, link, signal);
    });
  }

  async function newRegistry(registry: Registry): Promise<NewRegistry> {
    const { coderRegistryKind } = credentialKind(registry.credential.kind);
    const { field, value } = options.acrKind;
    return {
      friendly_name: registry.name,
      registry: registry.loginServer,
      ...(await loginOf(registry, vault)),
      ...(coderRegistryKind === 'acr' && { [field]: value }),
    };
  }

  return {
    organizationOf,
    deliverCredential,

    async has(registry) {
      return (await links.read(keyOf(registry))).coderId !== undefined;
    },

    async isKept(registry, signal) {
      const known = idIn(await links.read(keyOf(registry)), registry);
      return known === undefined || (await coder.getRegistry(known, signal)) !== undefined;
    },

    async withRegistry(registry, signal, importImage) {
      const known = idIn(await links.read(keyOf(registry)), registry);
      if (known && (await coder.getRegistry(known, signal))) {
        await deliverCredential(registry, known, signal);
        return importImage({ registry_id: known });
      }
      return links.hold(keyOf(registry), signal, async link => {
        const current = await latest(registry);
        const listed = await coder.listRegistries(organizationOf(current), signal);
        const found = listed.find(candidate => sameHost(candidate, current));
        if (found && (await give(current, found.id, link, signal)))
          return importImage({ registry_id: found.id });

        const image = await importImage({ new_registry: await newRegistry(current) });
        Object.assign(link, {
          coderId: image.registry?.id,
          organizationId: organizationOf(current),
          credentialVersion: versionOf(current),
        });
        return image;
      });
    },
  };
}

/** People type hosts with a scheme, a slash or capitals. */
export function sameHost(candidate: CoderRegistry, { loginServer }: Registry): boolean {
  return (
    candidate.registry
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/\/+$/, '') === loginServer
  );
}

function keyOf(registry: Registry): LinkKey {
  return { registry: registry.name, row: REGISTRY_KEY };
}

function versionOf({ credential }: Registry): string {
  return credentialKind(credential.kind).version(credential);
}

function loginOf({ credential }: Registry, vault: Vault) {
  return credentialKind(credential.kind).login(credential, vault);
}
