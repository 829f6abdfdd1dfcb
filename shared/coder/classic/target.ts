import { setTimeout as delay } from 'node:timers/promises';
import type { Login } from '../../azure/acr-login.ts';
import type { Vault } from '../../azure/vault.ts';
import { credentialKind } from '../../credentials/credential.ts';
import { ConflictError, ServiceError } from '../../errors.ts';
import { mergeDefaults } from '../../image-defaults.ts';
import { repositoryKey } from '../../image-keys.ts';
import type { Link, Links } from '../../links.ts';
import type { ImageDefaults } from '../../policy.ts';
import type { Registry } from '../../registry.ts';
import type { Forwarded, ImageToForward, ImageToRemove, Target } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { becomesDefault, planImage, toCoderFields } from './plan.ts';
import { createClassicRegistries, sameHost } from './registries.ts';
import { removeTag } from './remove-tag.ts';
import type { CoderImage, CoderTag } from './schema.ts';

export interface ClassicTargetOptions {
  coder: ClassicClient;
  links: Links;
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

/** Waits between looks at a tag that Coder refreshes, in milliseconds: 3 s in all. */
const REFRESH_WAITS_MS = [100, 200, 400, 800, 1_500];

/** Coder Classic: images are imported from registries, and have tags. */
export function createClassicTarget(options: ClassicTargetOptions): Target {
  const { coder, links, vault, fallback } = options;
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
    link: Link,
    signal: AbortSignal,
  ): Promise<Forwarded> {
    const tag = await coder.getTag(existing.id, image.tag, signal);
    const currentDefault = existing.default_tag?.tag;
    // On an image that we deprecated over its last tag, this one takes that tag's place.
    const { goneTag } = link;
    const makeDefault =
      (goneTag !== undefined && goneTag !== image.tag) ||
      (await becomesDefault(image.defaultTag, image.tag, currentDefault, image.isNewerThan));
    const restore = goneTag !== undefined;
    const plan = planImage({ image: existing, tag, wanted: { ...image, makeDefault, restore } });

    if (plan.tag !== 'keep')
      await registries.deliverCredential(image.registry, existing.registry?.id, signal);
    if (plan.tag === 'add') {
      await contacting(image.registry, signal, () =>
        coder.addTag(existing.id, image.tag, makeDefault, signal),
      );
    }
    // Whoever waited for others may be outdated, and would look for a digest that Coder never shows again.
    if (plan.tag === 'refresh' && !(await image.isCurrent()))
      throw new ConflictError('The tag has moved on.');
    if (plan.tag === 'refresh') await refresh(existing.id, tag as CoderTag, image, signal);
    if (plan.change) await coder.updateImage(existing.id, plan.change, signal);
    if (goneTag !== undefined && goneTag !== image.tag) await coder.deleteTag(existing.id, goneTag, signal);
    delete link.goneTag;
    const reasons = { add: 'tag-added', refresh: 'tag-refreshed', keep: 'already-in-coder' } as const;
    return { reason: reasons[plan.tag], coderImageId: existing.id };
  }

  /** Coder answers before it has read the digest, so look until it has. */
  async function refresh(
    imageId: string,
    before: CoderTag,
    image: ImageToForward,
    signal: AbortSignal,
  ): Promise<void> {
    await coder.refreshTags(imageId, signal);
    for (const wait of REFRESH_WAITS_MS) {
      await delay(wait, undefined, { signal }).catch(() => undefined);
      const now = await coder.getTag(imageId, image.tag, signal);
      // Which digest Coder keeps of an index is not documented, so there any change counts as having read it.
      const hasRead =
        image.digests.includes(now?.latest_hash ?? '') ||
        (image.digests.length > 1 && now !== undefined && now.latest_hash !== before.latest_hash);
      if (hasRead) return;
    }
    if (!(await image.isCurrent())) throw new ConflictError('The tag has moved on.');
    await explainRefusal(image.registry, signal, undefined);
    throw new ServiceError(
      'coder-busy',
      'Coder accepted the refresh of the tag, but still has its old digest.',
    );
  }

  /** Runs a call in which Coder contacts the registry; if it is refused, finds out whether the login is why. */
  async function contacting<T>(registry: Registry, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ServiceError && error.reason === 'coder-rejected') {
        await explainRefusal(registry, signal, error);
      }
      throw error;
    }
  }

  /** @throws ServiceError `credential-refused` when the registry does not accept the login that Coder has */
  async function explainRefusal(registry: Registry, signal: AbortSignal, cause: unknown): Promise<void> {
    const login = await credentialKind(registry.credential.kind).login(registry.credential, vault);
    if (!login || (await options.acceptsLogin(registry.loginServer, login, signal))) return;
    const message = `${registry.loginServer} refuses the password of ${login.username}, which Coder was given.`;
    throw new ServiceError('credential-refused', message, { cause });
  }

  /** Runs work on an image while nobody else touches it in Coder. */
  function onImage<T>(
    image: ImageToForward | ImageToRemove,
    signal: AbortSignal,
    work: (existing: CoderImage | undefined, link: Link) => Promise<T>,
  ): Promise<T> {
    const key = { registry: image.registry.name, row: repositoryKey(image.repository) };
    const organizationId = registries.organizationOf(image.registry);
    return links.hold(key, signal, async link => {
      const knownId = link.organizationId === organizationId ? link.coderId : undefined;
      const existing = await findImage(image, knownId, signal);
      if (existing) Object.assign(link, { coderId: existing.id, organizationId });
      return work(existing, link);
    });
  }

  return {
    forward: (image, signal) =>
      onImage(image, signal, async (existing, link) => {
        if (existing) return update(existing, image, link, signal);
        const { id } = await importImage(image, signal);
        Object.assign(link, { coderId: id, organizationId: registries.organizationOf(image.registry) });
        return { reason: 'image-created', coderImageId: id };
      }),

    remove: (image, signal) =>
      onImage(image, signal, async (existing, link) => {
        if (!(await image.isGone())) throw new ConflictError('The tag has come back.');
        const kept = existing && (await removeTag(coder, existing, image.tag, image.defaultTag, signal));
        if (kept) link.goneTag = image.tag;
      }),

    updateCredential: (registry, signal) => registries.deliverCredential(registry, undefined, signal),
    hasRegistry: registries.has,
  };
}
