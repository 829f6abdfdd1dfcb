import type { ArmRegistry } from './registry.ts';

/** A token or a scope map, as ARM sees it. */
export interface ChildResource {
  id: string;
  name: string;
  createdAt: Date;
  /** Its provisioning state until `readyAt`. */
  doing: 'Creating' | 'Updating';
  /** The time at which it becomes `Succeeded`. */
  readyAt: Date;
}

/** The name that a token or scope map may be given. */
export const CHILD_NAME = /^[a-zA-Z0-9-_]{5,50}$/;

/** Most tokens of a registry, and also most scope maps; Azure does not raise this limit. */
export function mostChildren({ sku = 'Standard' }: ArmRegistry): number {
  return { Basic: 100, Standard: 500, Premium: 50_000 }[sku];
}

/** What ARM answers about it. */
export function childBody(
  { id, name, createdAt }: ChildResource,
  provisioningState: string,
  properties: object,
) {
  const [kind] = id.split('/').slice(-2);
  return {
    ...{ id, name, type: `Microsoft.ContainerRegistry/registries/${kind}` },
    properties: { creationDate: createdAt.toISOString(), provisioningState, ...properties },
  };
}

export function provisioningState({ readyAt, doing }: ChildResource, now: Date): string {
  return readyAt <= now ? 'Succeeded' : doing;
}
