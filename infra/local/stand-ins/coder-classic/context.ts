import type { Secrets } from '../../secrets.ts';
import { CoderError } from './errors.ts';
import type { RegistryClient } from './registry-client.ts';
import type { CoderState } from './state.ts';

/** What a site manager turns on and off. */
export interface CoderSwitches {
  /** *Azure Container Registry authentication*: whether the registry kind `acr` exists. */
  acrAuthentication: boolean;
  /** Whether registries are shown with their kind, which the public SDK does not know of. */
  showRegistryKind: boolean;
}

/** What the calls of Coder share. */
export interface CoderContext {
  state: CoderState;
  organizationId: string;
  /** Only a site manager may add, change or remove registries; an image manager may do the rest. */
  role: 'site-manager' | 'image-manager';
  registryKindField: string;
  switches: CoderSwitches;
  registries: RegistryClient;
  secrets: Secrets;
  /** RFC 3339. */
  now(): string;
}

/** @throws CoderError 403 */
export function requireSiteManager({ role }: CoderContext): void {
  if (role !== 'site-manager') throw new CoderError(403, 'insufficient permissions');
}

/**
 * @param id no organization, as in a list without `?org=`, is fine
 * @throws CoderError 404
 */
export function requireOrganization({ organizationId }: CoderContext, id: string | null): void {
  if (id !== null && id !== organizationId) throw new CoderError(404, 'organization not found');
}
