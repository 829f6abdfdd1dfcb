import { setTimeout as delay } from 'node:timers/promises';
import type { Login } from '../../azure/acr-login.ts';
import type { Vault } from '../../azure/vault.ts';
import { loginOf } from '../../credentials/login.ts';
import { ConflictError, ServiceError } from '../../errors.ts';
import type { ImageDefaults } from '../../policy/policy.ts';
import type { Registry } from '../../records/registry.ts';
import { becomesDefault } from '../default-tag.ts';
import type { Forwarded, ImageToForward, ImageToRemove, Target } from '../target.ts';
import { classicChecks } from './checks.ts';
import type { ClassicClient } from './client.ts';
import { mergeDefaults } from './defaults.ts';
import { takeInventory } from './inventory.ts';
import { type ClassicMemory, type ClassicRepositoryRow, repositoryRow } from './memory.ts';
import { planImage, toCoderFields } from './plan.ts';
import { createClassicRegistries, sameHost } from './registries.ts';
import { readOnly, rehearse } from './rehearsal.ts';
import { removeTag } from './remove-tag.ts';
import type { CoderImage, CoderTag } from './schema.ts';

export interface ClassicTargetOptions {
  coder: ClassicClient;
  memory: ClassicMemory;
  vault: Vault;
  /** Organization of registries that name none. */
  organizationId: string | undefined;
  /** JSON field and value that make a new registry one of kind *Microsoft Azure Container Registry*. */
  acrKind: { field: string; value: string };
  /** Least resources of a new image when neither rule nor labels say. */
  fallback: ImageDefaults;
  /** The registry as it is recorded now. */
  findRegistry(name: string): Promise<Registry | undefined>;
  /** Asks a registry whether it accepts a login. */
  acceptsLogin(loginServer: string, login: Login, signal: AbortSignal): Promise<boolean>;
}

/** What Coder says when it could not contact the registry, with the cause behind it: a time-out, a certificate, a 401. */
const CANNOT_PULL = /unable to ping registry/i;

const REASON_OF = { add: 'tag-added', refresh: 'tag-refreshed', keep: 'already-in-coder' } as const;

/** Waits between looks at a tag that Coder refreshes, in milliseconds: 3 s in all. */
const REFRESH_WAITS_MS = [100, 200, 400, 800, 1_500];

/** Coder Classic: images are imported from registries, and have tags. */
export function createClassicTarget(options: ClassicTargetOptions): Target {
  const { coder, memory, vault, fallback } = options;
  const registries = createClassicRegistries(options);

  /** The image as Coder has it, even if somebody imported it by hand. */
  async function findImage(
    { registry, repository }: ImageToForward | ImageToRemove,
    knownId: string | undefined,
    signal: AbortSignal,
  ): Promise<CoderImage | undefined> {
    const isOurs = (image: CoderImage) =>
      image.repository === repository && image.registry != null && sameHost(image.registry, registry);
    const known = knownId === undefined ? undefined : await coder.getImage(knownId, signal);
    if (known && isOurs(known)) return known;
    return (await coder.listImages(registries.organizationOf(registry), signal)).find(isOurs);
  }

  async function importImage(image: ImageToForward, signal: AbortSignal): Promise<CoderImage> {
    const { registry, repository, tag, defaults } = image;
    const wanted = toCoderFields(mergeDefaults(defaults, fallback));
    return registries.withRegistry(registry, signal, async source => {
      const org_id = registries.organizationOf(registry);
      return contacting(registry, signal, () =>
        coder.createImage({ ...source, org_id, repository, tag, ...wanted }, signal),
      );
    });
  }

  async function update(
    existing: CoderImage,
    image: ImageToForward,
    link: ClassicRepositoryRow,
    wasAbandoned: boolean,
    signal: AbortSignal,
  ): Promise<Forwarded> {
    const tag = await coder.getTag(existing.id, image.tag, signal);
    const currentDefault = existing.default_tag?.tag;
    // On an image that we deprecated over its last tag, this one takes that tag's place.
    const { goneTag } = link;
    const replaces = goneTag !== undefined && goneTag !== image.tag;
    const moves = await movesDefault(image, currentDefault);
    const makeDefault = replaces || (moves && !image.pinned);
    // Whoever held the link before us may have deprecated the image, and died before it noted that.
    const restore = goneTag !== undefined || wasAbandoned;
    const plan = planImage({ image: existing, tag, wanted: { ...image, makeDefault, restore } });

    if (plan.tag !== 'keep')
      await registries.deliverCredential(image.registry, existing.registry?.id, signal);
    let digest = tag?.latest_hash;
    if (plan.tag === 'add') {
      const added = await contacting(image.registry, signal, () =>
        coder.addTag(existing.id, image.tag, makeDefault, signal),
      );
      digest = added.latest_hash;
    }
    // Whoever waited for others may be outdated, and would look for a digest that Coder never shows again.
    if (plan.tag === 'refresh' && !(await image.isCurrent()))
      throw new ConflictError('The tag has moved on.');
    if (plan.tag === 'refresh') digest = await refresh(existing.id, tag as CoderTag, image, signal);
    if (plan.change) await coder.updateImage(existing.id, plan.change, signal);
    if (replaces) await removeLeftover(existing.id, goneTag, signal);
    delete link.goneTag;
    return {
      reason: REASON_OF[plan.tag],
      coderImageId: existing.id,
      ...(digest && { coderDigest: digest }),
      ...(moves && !makeDefault && currentDefault && { pinnedDefault: currentDefault }),
    };
  }

  /** The next comparison finds it if workspaces still use it. */
  async function removeLeftover(imageId: string, tag: string, signal: AbortSignal): Promise<void> {
    await coder.deleteTag(imageId, tag, signal).catch((error: unknown) => {
      if (!(error instanceof ServiceError && error.reason === 'tag-in-use')) throw error;
    });
  }

  /** Coder answers before it has read the digest, so look until it has, and give what it shows then. */
  async function refresh(
    imageId: string,
    before: CoderTag,
    image: ImageToForward,
    signal: AbortSignal,
  ): Promise<string | null | undefined> {
    await coder.refreshTags(imageId, signal);
    for (const wait of REFRESH_WAITS_MS) {
      await delay(wait, undefined, { signal }).catch(() => undefined);
      const now = await coder.getTag(imageId, image.tag, signal);
      // Which digest Coder keeps of an index is not documented, so there any change counts as having read it.
      const hasRead =
        image.digests.includes(now?.latest_hash ?? '') ||
        (image.digests.length > 1 && now !== undefined && now.latest_hash !== before.latest_hash);
      if (hasRead) return now?.latest_hash;
    }
    if (!(await image.isCurrent())) throw new ConflictError('The tag has moved on.');
    await explainRefusal(image.registry, signal, undefined);
    throw new ServiceError(
      'coder-cannot-pull',
      'Coder accepted the refresh of the tag, but still has its old digest.',
    );
  }

  /** Runs a call in which Coder contacts the registry; if it is refused, finds out whether the login is why. */
  async function contacting<T>(registry: Registry, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServiceError && error.reason === 'coder-rejected')) throw error;
      await explainRefusal(registry, signal, error);
      throw CANNOT_PULL.test(error.message)
        ? new ServiceError('coder-cannot-pull', error.message, { cause: error })
        : error;
    }
  }

  /** @throws ServiceError `credential-refused` when the registry does not accept the login that Coder has */
  async function explainRefusal(registry: Registry, signal: AbortSignal, cause: unknown): Promise<void> {
    const login = await loginOf(registry, vault);
    if (!login || (await options.acceptsLogin(registry.loginServer, login, signal))) return;
    const message = `${registry.loginServer} refuses the password of ${login.username}, which Coder was given.`;
    throw new ServiceError('credential-refused', message, { cause });
  }

  /** Runs work on an image while nobody else touches it in Coder. */
  function onImage<T>(
    image: ImageToForward | ImageToRemove,
    signal: AbortSignal,
    work: (existing: CoderImage | undefined, link: ClassicRepositoryRow, wasAbandoned: boolean) => Promise<T>,
  ): Promise<T> {
    const key = repositoryRow(image.registry, image.repository);
    const organizationId = registries.organizationOf(image.registry);
    return memory.repositories.withLease(key, signal, async (link, wasAbandoned) => {
      const knownId = link.organizationId === organizationId ? link.coderId : undefined;
      const existing = await findImage(image, knownId, signal);
      if (existing) Object.assign(link, { coderId: existing.id, organizationId });
      return work(existing, link, wasAbandoned);
    });
  }

  async function movesDefault(image: ImageToForward, current: string | undefined): Promise<boolean> {
    const becomes = becomesDefault(image.defaultTag, image.tag, current);
    return becomes === 'if-newer' ? image.isNewerThan(current as string) : becomes;
  }

  return {
    host: coder.host,
    forward: (image, signal) =>
      onImage(image, signal, async (existing, link, wasAbandoned) => {
        if (existing) return update(existing, image, link, wasAbandoned, signal);
        const { id, default_tag } = await importImage(image, signal);
        Object.assign(link, { coderId: id, organizationId: registries.organizationOf(image.registry) });
        const digest = default_tag?.latest_hash;
        return { reason: 'image-created', coderImageId: id, ...(digest && { coderDigest: digest }) };
      }),

    remove: (image, signal) =>
      onImage(image, signal, async (existing, link) => {
        if (!(await image.isUnwanted())) throw new ConflictError('The tag has come back.');
        const done = existing && (await removeTag(coder, existing, image, signal));
        if (done === 'deprecate') link.goneTag = image.tag;
        return done === 'keep' ? 'pinned' : 'removed';
      }),

    listImages: (registry, signal) => takeInventory(options, registries, registry, signal),
    rehearse(registry, rehearsedVault) {
      let digest = '';
      const rehearsal = rehearse(coder, () => digest);
      const target = createClassicTarget({
        ...options,
        coder: rehearsal.coder,
        memory: readOnly(memory),
        vault: rehearsedVault,
        findRegistry: async () => registry,
      });
      const forward: Target['forward'] = (image, signal) => {
        [digest] = image.digests;
        return target.forward(image, signal);
      };
      return { target: { ...target, forward }, calls: rehearsal.calls };
    },
    updateCredential: (registry, signal) => registries.deliverCredential(registry, undefined, signal),
    wasTouched: registries.wasTouched,
    async proveCredential(registry, signal) {
      const id = await registries.deliverAgain(registry, signal);
      if (id === undefined) return;
      const images = await coder.listImages(registries.organizationOf(registry), signal);
      const image = images.find(candidate => candidate.registry?.id === id && !candidate.deprecated);
      if (image) await contacting(registry, signal, () => coder.refreshTags(image.id, signal));
    },
    hasRegistry: registries.has,
    checks: () => classicChecks({ ...options, registries }),
  };
}
