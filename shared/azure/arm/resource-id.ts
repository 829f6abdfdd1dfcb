/** The parts of a registry's ARM resource id. */
export interface RegistryResourceId {
  subscriptionId: string;
  resourceGroup: string;
  registryName: string;
}

const REGISTRY_ID =
  /^\/subscriptions\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/resourceGroups\/([^/]{1,90})\/providers\/Microsoft\.ContainerRegistry\/registries\/([a-z0-9]{5,50})$/i;

/** Reads the ARM id of a container registry; undefined when it is not one. */
export function parseRegistryId(id: string): RegistryResourceId | undefined {
  const match = REGISTRY_ID.exec(id);
  if (!match) return undefined;
  const [, subscriptionId, resourceGroup, registryName] = match as unknown as [
    string,
    string,
    string,
    string,
  ];
  return { subscriptionId, resourceGroup, registryName };
}

/** The ARM id with these parts. */
export function formatRegistryId({
  subscriptionId,
  resourceGroup,
  registryName,
}: RegistryResourceId): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${registryName}`;
}

/** The parts of the resource id of a registry record, which always holds a valid id. */
export function partsOf({ resourceId }: { resourceId: string }): RegistryResourceId {
  return parseRegistryId(resourceId) as RegistryResourceId;
}

/**
 * Normalizes the id of a registry, so that two spellings of it are equal: lower case, since ARM does not keep the case
 * of segments, and without the suffix that events of a connected registry have.
 */
export function normalizeRegistryId(id: string): string {
  return id
    .toLowerCase()
    .replace(/\/connectedregistries\/[^/]+$/, '')
    .replace(/\/+$/, '');
}
