import { shorten } from '../../lib/shorten.ts';
import { offerOf } from './catalog/compose.ts';
import type { V2Client } from './client.ts';
import type { RolloutFacts, VersionFact } from './facts.ts';
import type { Organization } from './organizations.ts';
import type { Building, Rollout } from './rollout.ts';
import type { CanaryRule } from './words.ts';

/** One template. Others can be given its name after it was deleted. */
export interface TemplateName {
  organization: Organization;
  template: string;
}

/** Under which the bridge remembers a template. Coder does not tell upper from lower case in its name. */
export function rowKeyOf({ organization, template }: TemplateName): string {
  return `${organization.id}|${template.toLowerCase()}`;
}

/** What a round of work on a rollout is done with. */
export interface RoundOptions {
  coder: V2Client;
  now: () => Date;
  /** What each variable is to name. */
  wanted: Readonly<Record<string, string>>;
  isManual: boolean;
  restores: boolean;
  /** Versions of the bridge's own that stay. */
  keepVersions: number;
  /** How a workspace is tried before promotion; absent for none. */
  canary?: CanaryRule | undefined;
}

/** A round of work on a rollout, and what it has found out so far. */
export interface Round {
  options: RoundOptions;
  name: TemplateName;
  rollout: Rollout;
  facts: RolloutFacts;
  signal: AbortSignal;
  hasPromoted: boolean;
}

/** Notes which version is being built. */
export function note({ rollout, facts }: Round, building: Building | undefined): void {
  const { ours } = facts;
  delete rollout.building;
  if (building) rollout.building = building;
  if (!ours || ours.id !== building?.versionId) delete facts.ours;
}

/** Notes what Coder refused to build, so that it is not built again on the same base. */
export function noteFailure(
  { rollout }: Pick<Round, 'rollout'>,
  { values, baseVersionId }: Pick<Building, 'values' | 'baseVersionId'>,
  reason: string,
  message: string,
): void {
  const inValues = Object.entries(rollout.catalogs).filter(([variable]) => variable in values);
  const offers = inValues.map(([variable, catalog]) => [variable, offerOf({ catalog, held: [] })]);
  rollout.failed = {
    ...{ values, offers: Object.fromEntries(offers), baseVersionId },
    ...{ reason, message: shorten(message, 1_000) },
  };
}

export function templateOf({ template }: RolloutFacts): { id: string; activeVersionId: string } {
  return template as { id: string; activeVersionId: string };
}

export function oursOf({ ours }: RolloutFacts): VersionFact {
  return ours as VersionFact;
}
