import type { Route } from '../../stand-in.ts';
import { given, ImagePatch, importBody, type NewRegistry, parseBody } from './bodies.ts';
import { type CoderContext, requireOrganization, requireSiteManager } from './context.ts';
import { CoderError } from './errors.ts';
import { shown } from './registry-routes.ts';
import {
  findImage,
  findRegistry,
  findTag,
  type ImageRecord,
  newborn,
  newTag,
  type RegistryRecord,
} from './state.ts';

const LIST = /^\/api\/v0\/images$/;
const ONE = /^\/api\/v0\/images\/([^/]+)$/;

export function imageRoutes(context: CoderContext): Route[] {
  const { state } = context;
  return [
    {
      method: 'GET',
      path: LIST,
      handle({ url }) {
        requireOrganization(context, url.searchParams.get('org'));
        const withWorkspaces = url.searchParams.get('workspaces') !== 'false';
        const images = state.images.map(image => ({
          ...view(context, image),
          ...(withWorkspaces && { workspaces: image.tags.flatMap(tag => tag.workspaces) }),
        }));
        return { status: 200, body: images };
      },
    },
    {
      method: 'GET',
      path: ONE,
      handle: ({ params }) => ({ status: 200, body: view(context, findImage(state, params[0])) }),
    },
    {
      method: 'POST',
      path: LIST,
      handle: async ({ body }) => ({ status: 201, body: view(context, await importImage(context, body)) }),
    },
    {
      method: 'PATCH',
      path: ONE,
      handle({ params, body }) {
        update(context, findImage(state, params[0]), body);
        return { status: 200 };
      },
    },
  ];
}

function view(context: CoderContext, image: ImageRecord): object {
  const { state } = context;
  const { registry_id, tags: _, ...fields } = image;
  return {
    ...fields,
    registry: shown(context, findRegistry(state, registry_id)),
    default_tag: findTag(image, image.default_tag),
  };
}

/**
 * Makes the image, and its registry where that is new, once the registry has shown the tag.
 * Nothing stops a second import of the same repository: it makes a second image.
 */
async function importImage(context: CoderContext, body: Buffer): Promise<ImageRecord> {
  const { registry_id, new_registry, org_id, tag, ...fields } = parseBody(
    importBody(context.registryKindField),
    body,
  );
  requireOrganization(context, org_id);
  const registry = new_registry
    ? newRegistry(context, new_registry)
    : findRegistry(context.state, registry_id ?? undefined);
  const digest = await context.registries.digest(registry, fields.repository, tag);

  const birth = newborn(context.now());
  const image: ImageRecord = {
    ...birth,
    ...fields,
    organization_id: org_id,
    registry_id: registry.id,
    default_tag: tag,
    deprecated: false,
    tags: [newTag(birth.id, tag, digest, birth.created_at)],
  };
  if (new_registry) context.state.registries.push(registry);
  context.state.images.push(image);
  return image;
}

function newRegistry(context: CoderContext, body: NewRegistry): RegistryRecord {
  requireSiteManager(context);
  const { friendly_name, registry, ...credential } = body;
  if (credential.kind === 'acr' && !context.switches.acrAuthentication) {
    throw new CoderError(400, 'registry kind is not available');
  }
  if (credential.password) context.secrets.issue(credential.password);
  return {
    ...newborn(context.now()),
    organization_id: context.organizationId,
    friendly_name,
    registry,
    credential,
  };
}

function update(context: CoderContext, image: ImageRecord, body: Buffer): void {
  const patch = given(parseBody(ImagePatch, body));
  if (patch.default_tag !== undefined && !image.tags.some(({ tag }) => tag === patch.default_tag)) {
    throw new CoderError(400, `image has no tag '${patch.default_tag}'`);
  }
  Object.assign(image, patch, { updated_at: context.now() });
}
