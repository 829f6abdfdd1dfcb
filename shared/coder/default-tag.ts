import * as z from 'zod';

/** When a pushed tag becomes the one that new workspaces start from. */
export const DefaultTag = z.enum(['first', 'newest', 'highest-semver', 'never']);
export type DefaultTag = z.infer<typeof DefaultTag>;
