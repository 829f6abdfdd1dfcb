/** Path of a registry in the API. */
export function registryPath(name: string): string {
  return `registries/${encodeURIComponent(name)}`;
}

/** For people, where there is nothing to show. */
export const NO_REGISTRY = 'The bridge has no registry yet. Add one with PUT /api/registries/{name}.';
