import type { Route } from '../../stand-in.ts';
import { NewTag, parseBody } from './bodies.ts';
import type { CoderContext } from './context.ts';
import { CoderError } from './errors.ts';
import { findImage, findRegistry, findTag, type ImageRecord, type ImageTag, newTag } from './state.ts';

const LIST = /^\/api\/v0\/images\/([^/]+)\/tags$/;
const REFRESH = /^\/api\/v0\/images\/([^/]+)\/tags\/update$/;
const ONE = /^\/api\/v0\/images\/([^/]+)\/tags\/([^/]+)$/;

export function tagRoutes(context: CoderContext): Route[] {
  const { state } = context;
  return [
    {
      method: 'GET',
      path: LIST,
      handle: ({ params }) => ({ status: 200, body: findImage(state, params[0]).tags }),
    },
    {
      method: 'GET',
      path: ONE,
      handle: ({ params }) => ({ status: 200, body: findTag(findImage(state, params[0]), params[1]) }),
    },
    {
      method: 'POST',
      path: LIST,
      handle: async ({ params, body }) => ({
        status: 201,
        body: await addTag(context, findImage(state, params[0]), body),
      }),
    },
    {
      method: 'POST',
      path: REFRESH,
      handle({ params }) {
        for (const tag of findImage(state, params[0]).tags) void refresh(context, tag);
        return { status: 200 };
      },
    },
    {
      method: 'DELETE',
      path: ONE,
      handle({ params }) {
        const image = findImage(state, params[0]);
        removeTag(image, findTag(image, params[1]));
        return { status: 200 };
      },
    },
  ];
}

async function addTag(context: CoderContext, image: ImageRecord, body: Buffer): Promise<ImageTag> {
  const wanted = parseBody(NewTag, body);
  refuseExisting(image, wanted.tag);
  const digest = await currentDigest(context, image, wanted.tag);
  // Checks again, because another call may have added the tag or deleted the image in between.
  refuseExisting(findImage(context.state, image.id), wanted.tag);
  const tag = newTag(image.id, wanted.tag, digest, context.now());
  image.tags.push(tag);
  if (wanted.default) image.default_tag = tag.tag;
  return tag;
}

function refuseExisting(image: ImageRecord, wanted: string): void {
  if (image.tags.some(({ tag }) => tag === wanted)) {
    throw new CoderError(409, `image tag '${wanted}' already exists`);
  }
}

/** Asynchronous, and silent about failures, since 1.21: if the digest cannot be read, the old one stays. */
async function refresh(context: CoderContext, tag: ImageTag): Promise<void> {
  const image = findImage(context.state, tag.image_id);
  const digest = await currentDigest(context, image, tag.tag).catch(() => tag.latest_hash);
  if (digest === tag.latest_hash) return;
  const at = context.now();
  Object.assign(tag, { latest_hash: digest, hash_last_updated_at: at, updated_at: at });
}

function currentDigest(context: CoderContext, image: ImageRecord, tag: string): Promise<string> {
  const registry = findRegistry(context.state, image.registry_id);
  return context.registries.digest(registry, image.repository, tag);
}

function removeTag(image: ImageRecord, { tag, workspaces }: ImageTag): void {
  if (tag === image.default_tag) throw new CoderError(400, 'the default tag cannot be deleted');
  if (workspaces.length > 0) throw new CoderError(409, `image tag '${tag}' is in use by workspaces`);
  image.tags = image.tags.filter(other => other.tag !== tag);
}
