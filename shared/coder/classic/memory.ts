import type { HeldLink } from '../../azure/links.ts';

/** What Coder Classic calls a repository, in the hands of the worker that holds it. */
export type RepositoryLock = HeldLink;
