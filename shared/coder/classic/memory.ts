/** Row, in the partition of a registry of ours, of what we know of it in Coder. */
export const REGISTRY_KEY = '@registry';
