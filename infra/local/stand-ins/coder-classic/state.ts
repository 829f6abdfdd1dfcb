import { randomUUID } from 'node:crypto';
import { CoderError } from './errors.ts';

/** How Coder logs in to a registry: with a username and password, or as the Entra identity of its own pods. */
export type RegistryKind = 'generic' | 'acr';

/** What Coder shows of a registry. */
export interface Registry {
  id: string;
  organization_id: string;
  friendly_name: string;
  /** Host, with a port where it is not 443. */
  registry: string;
  created_at: string;
  updated_at: string;
}

/** What Coder keeps of a registry; no answer ever carries the credential. */
export interface RegistryRecord extends Registry {
  credential: { kind: RegistryKind; username: string; password: string };
}

export interface Workspace {
  id: string;
  name: string;
}

export interface ImageTag {
  image_id: string;
  tag: string;
  /** The digest that Coder last saw. */
  latest_hash: string;
  hash_last_updated_at: string;
  os_release: null;
  workspaces: Workspace[];
  created_at: string;
  updated_at: string;
}

export interface ImageRecord {
  id: string;
  organization_id: string;
  registry_id: string;
  repository: string;
  description: string;
  url: string;
  default_tag: string;
  default_cpu_cores: number;
  default_memory_gb: number;
  default_disk_gb: number;
  deprecated: boolean;
  tags: ImageTag[];
  created_at: string;
  updated_at: string;
}

/** Everything Coder remembers, oldest first. */
export interface CoderState {
  registries: RegistryRecord[];
  images: ImageRecord[];
}

/** The id and the times of something that is made now. */
export function newborn(at: string): { id: string; created_at: string; updated_at: string } {
  return { id: randomUUID(), created_at: at, updated_at: at };
}

export function newTag(imageId: string, tag: string, digest: string, at: string): ImageTag {
  return {
    image_id: imageId,
    tag,
    latest_hash: digest,
    hash_last_updated_at: at,
    os_release: null,
    workspaces: [],
    created_at: at,
    updated_at: at,
  };
}

/** @throws CoderError 404 */
export function findRegistry(state: CoderState, id: string | undefined): RegistryRecord {
  return found(
    state.registries.find(registry => registry.id === id),
    'registry',
  );
}

/** @throws CoderError 404 */
export function findImage(state: CoderState, id: string | undefined): ImageRecord {
  return found(
    state.images.find(image => image.id === id),
    'image',
  );
}

/** @throws CoderError 404 */
export function findTag(image: ImageRecord, tag: string | undefined): ImageTag {
  return found(
    image.tags.find(candidate => candidate.tag === tag),
    'image tag',
  );
}

function found<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new CoderError(404, `${name} not found`);
  return thing;
}
