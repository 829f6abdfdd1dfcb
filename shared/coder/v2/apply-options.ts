import type { Organizations } from './organizations.ts';
import type { Rollouts } from './rollout-table.ts';

/** What it takes to make templates name images. */
export interface ApplyOptions {
  rollouts: Rollouts;
  organizations: Organizations;
  /** Images of a repository that the registry has and the policy lets through, with their last pushes. */
  otherTags(registry: string, repository: string): AsyncIterable<KnownTag>;
  now: () => Date;
}

export interface KnownTag {
  tag: string;
  digest: string;
  pushedOn: Date;
  /** Its own import is under way. */
  isPending: boolean;
}
