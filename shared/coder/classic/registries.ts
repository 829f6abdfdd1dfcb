import type { Vault } from '../../azure/key-vault/vault.ts';
import { givesLogin } from '../../credentials/kinds/all.ts';
import { loginOf, loginVersionOf } from '../../credentials/login.ts';
import { ConflictError, ServiceError } from '../../errors.ts';
import type { PullableRegistry } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { type ClassicMemory, type ClassicRegistryRow, registryRow } from './memory.ts';
import type { CoderRegistry, NewRegistry } from './schema.ts';

/** The fields that name the registry in a call that imports an image. */
export type RegistryOfImage = { registry_id: string } | { new_registry: NewRegistry };

/** The registries in Coder Classic, and the credentials that the bridge delivered. */
export interface ClassicRegistries {
  /** @throws ServiceError when neither the registry nor the settings name an organization */
  organizationOf(registry: PullableRegistry): string;
  /** The registry as Coder has it since we added it there; `gone` when it had it once. */
  inspect(registry: PullableRegistry, signal: AbortSignal): Promise<CoderRegistry | 'not-added' | 'gone'>;
  /**
   * Runs `importImage` with the registry's id in Coder. If Coder does not have it, passes the fields that make the call
   * add it, since Coder adds a registry only with an image. Only one worker at a time adds a registry.
   */
  withRegistry<I extends { registry?: CoderRegistry | null | undefined }>(
    registry: PullableRegistry,
    signal: AbortSignal,
    importImage: (registry: RegistryOfImage) => Promise<I>,
  ): Promise<I>;
  /** Gives Coder the credential unless it holds it. `seenId` is the registry's id that an image in Coder names, if one was looked at. */
  deliverCredential(
    registry: PullableRegistry,
    seenId: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Delivers the credential to Coder even if Coder has it, to replace one that came by a late call or by hand. Returns
   * the registry's id in Coder; undefined when Coder does not have it.
   */
  deliverAgain(registry: PullableRegistry, signal: AbortSignal): Promise<string | undefined>;
  /** Whether the registry in Coder was changed or deleted since the bridge gave it the credential. */
  wasTouched(registry: PullableRegistry, signal: AbortSignal): Promise<boolean>;
}

interface Options {
  coder: ClassicClient;
  memory: ClassicMemory;
  vault: Pick<Vault, 'read'>;
  organizationId: string | undefined;
  acrKind: { field: string; value: string };
  /** The registry as it is recorded now. */
  findRegistry(name: string): Promise<PullableRegistry | undefined>;
}

export function createClassicRegistries(options: Options): ClassicRegistries {
  const { coder, vault } = options;
  const rows = options.memory.registries;

  function organizationOf(registry: PullableRegistry): string {
    const organizationId = registry.organizationId ?? options.organizationId;
    if (organizationId) return organizationId;
    const message = 'Neither the registry nor the setting CODER_ORGANIZATION_ID names an organization.';
    throw new ServiceError('coder-rejected', message);
  }

  /** The registry as Coder has it, whether the bridge remembers it or not. */
  async function findByHost(
    registry: PullableRegistry,
    signal: AbortSignal,
  ): Promise<CoderRegistry | undefined> {
    const listed = await coder.listRegistries(organizationOf(registry), signal);
    return listed.find(candidate => sameHost(candidate, registry));
  }

  /** Read under the lease of the registry's link, so that no older credential is given after a newer one. */
  async function latest(registry: PullableRegistry): Promise<PullableRegistry> {
    const current = await options.findRegistry(registry.name);
    if (!current) throw new ConflictError('The registry was deleted.');
    return current;
  }

  /** The registry's id in Coder, if the link is about the organization that the registry belongs to now. */
  function idIn(link: ClassicRegistryRow, registry: PullableRegistry): string | undefined {
    return link.organizationId === organizationOf(registry) ? link.coderId : undefined;
  }

  /**
   * Delivers the credential to Coder unless Coder has it, or there is none yet, and records that. False when Coder does
   * not have the registry.
   */
  async function give(
    registry: PullableRegistry,
    coderId: string,
    link: ClassicRegistryRow,
    signal: AbortSignal,
    again = false,
  ): Promise<boolean> {
    const version = loginVersionOf(registry);
    const holdsIt = link.coderId === coderId && link.credentialVersion === version;
    const login = version && (again || !holdsIt) ? await loginOf(registry, vault) : undefined;
    const before = again ? await coder.getRegistry(coderId, signal) : undefined;
    const host = before && !sameHost(before, registry) ? { registry: registry.loginServer } : {};
    const exists = login ? await coder.updateRegistry(coderId, { ...host, ...login }, signal) : true;
    if (link.coderId !== coderId) delete link.addedAs;
    if (exists) {
      Object.assign(link, { coderId, organizationId: organizationOf(registry) });
      if (version) link.credentialVersion = version;
      if (login) noteChange(link, await coder.getRegistry(coderId, signal));
    } else {
      delete link.coderId;
      delete link.credentialVersion;
    }
    return exists;
  }

  async function deliverCredential(
    registry: PullableRegistry,
    seenId: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const isDelivered = (link: ClassicRegistryRow): boolean => {
      const id = seenId ?? idIn(link, registry);
      // Without an id, Coder does not have the registry yet: it gets the credential with the first image.
      if (id === undefined) return true;
      const version = loginVersionOf(registry);
      return version === undefined || (idIn(link, registry) === id && link.credentialVersion === version);
    };
    if (isDelivered(await rows.read(registryRow(registry)))) return;
    await rows.withLease(registryRow(registry), signal, async link => {
      const current = await latest(registry);
      const id = seenId ?? idIn(link, current);
      if (id !== undefined) await give(current, id, link, signal);
    });
  }

  async function newRegistry(registry: PullableRegistry): Promise<NewRegistry> {
    const { field, value } = options.acrKind;
    return {
      friendly_name: registry.name,
      registry: registry.loginServer,
      ...(await loginOf(registry, vault)),
      // Without a login the registry gets the kind *Microsoft Azure Container Registry*: Coder pulls with its own
      // identity.
      ...(!givesLogin(registry.credential) && { [field]: value }),
    };
  }

  return {
    organizationOf,
    deliverCredential,

    async deliverAgain(registry, signal) {
      const known = idIn(await rows.read(registryRow(registry)), registry);
      if (known === undefined && !(await findByHost(registry, signal))) return undefined;
      return rows.withLease(registryRow(registry), signal, async link => {
        const current = await latest(registry);
        const id = idIn(link, current);
        if (id !== undefined && (await give(current, id, link, signal, true))) return id;
        // Coder may have the registry although the bridge forgot it, or under another id.
        const found = await findByHost(current, signal);
        return found && (await give(current, found.id, link, signal, true)) ? found.id : undefined;
      });
    },

    async wasTouched(registry, signal) {
      const link = await rows.read(registryRow(registry));
      const id = idIn(link, registry);
      if (loginVersionOf(registry) === undefined) return false;
      if (id === undefined) return (await findByHost(registry, signal)) !== undefined;
      const found = await coder.getRegistry(id, signal);
      return !found || !sameHost(found, registry) || (found.updated_at ?? undefined) !== link.changedOn;
    },

    async inspect(registry, signal) {
      const known = idIn(await rows.read(registryRow(registry)), registry);
      if (known === undefined) return 'not-added';
      return (await coder.getRegistry(known, signal)) ?? 'gone';
    },

    async withRegistry(registry, signal, importImage) {
      const known = idIn(await rows.read(registryRow(registry)), registry);
      if (known && (await coder.getRegistry(known, signal))) {
        await deliverCredential(registry, known, signal);
        return importImage({ registry_id: known });
      }
      return rows.withLease(registryRow(registry), signal, async link => {
        const current = await latest(registry);
        const found = await findByHost(current, signal);
        if (found && (await give(current, found.id, link, signal)))
          return importImage({ registry_id: found.id });

        const image = await importImage({ new_registry: await newRegistry(current) });
        Object.assign(link, {
          coderId: image.registry?.id,
          organizationId: organizationOf(current),
          credentialVersion: loginVersionOf(current),
          addedAs: givesLogin(current.credential) ? 'generic' : 'acr',
        });
        noteChange(link, image.registry ?? undefined);
        return image;
      });
    },
  };
}

/** People type hosts with a scheme, a slash or capitals. */
export function sameHost(candidate: CoderRegistry, { loginServer }: PullableRegistry): boolean {
  return (
    candidate.registry
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/\/+$/, '') === loginServer
  );
}

function noteChange(link: ClassicRegistryRow, { updated_at }: Partial<CoderRegistry> = {}): void {
  if (updated_at) link.changedOn = updated_at;
  else delete link.changedOn;
}
