import type { Route } from '../../stand-in.ts';
import { given, parseBody, RegistryPatch } from './bodies.ts';
import { type CoderContext, requireOrganization, requireSiteManager } from './context.ts';
import { CoderError } from './errors.ts';
import { findRegistry, type Registry, type RegistryRecord } from './state.ts';

const LIST = /^\/api\/v0\/registries$/;
const ONE = /^\/api\/v0\/registries\/([^/]+)$/;

/** Registries are listed, changed and removed here; only the import of an image makes one. */
export function registryRoutes(context: CoderContext): Route[] {
  const { state } = context;
  return [
    {
      method: 'GET',
      path: LIST,
      handle({ url }) {
        requireOrganization(context, url.searchParams.get('org'));
        return { status: 200, body: state.registries.map(registry => shown(context, registry)) };
      },
    },
    {
      method: 'GET',
      path: ONE,
      handle: ({ params }) => ({ status: 200, body: shown(context, findRegistry(state, params[0])) }),
    },
    {
      method: 'PATCH',
      path: ONE,
      handle({ params, body }) {
        requireSiteManager(context);
        update(context, findRegistry(state, params[0]), body);
        return { status: 200 };
      },
    },
    {
      method: 'DELETE',
      path: ONE,
      handle({ params }) {
        requireSiteManager(context);
        remove(context, findRegistry(state, params[0]));
        return { status: 200 };
      },
    },
  ];
}

/** The registry without its credential. */
export function shown(
  { switches, registryKindField }: CoderContext,
  { credential, ...registry }: RegistryRecord,
): Registry {
  return { ...registry, ...(switches.showRegistryKind && { [registryKindField]: credential.kind }) };
}

/** Coder believes what it is given: a wrong password shows when an image is next looked at. */
function update(context: CoderContext, registry: RegistryRecord, body: Buffer): void {
  const { username, password, ...fields } = given(parseBody(RegistryPatch, body));
  if (password) context.secrets.issue(password);
  const { credential } = registry;
  Object.assign(registry, fields, { updated_at: context.now() });
  Object.assign(credential, given({ username, password }));
}

function remove({ state }: CoderContext, registry: RegistryRecord): void {
  if (state.images.some(image => image.registry_id === registry.id)) {
    throw new CoderError(409, 'registry is in use by images');
  }
  state.registries = state.registries.filter(other => other !== registry);
}
