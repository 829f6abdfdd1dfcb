import { redact } from '../../lib/redaction/redact.ts';
import type { V2Client } from './client.ts';
import type { RolloutFacts, VersionFact } from './facts.ts';
import type { Building, Rollout } from './rollout.ts';

/** One template, as Coder's API names it. */
export interface TemplateName {
  /** Name or id of the organization. */
  organization: string;
  template: string;
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
  { rollout }: Round,
  { values, baseVersionId }: Building,
  reason: string,
  message: string,
): void {
  rollout.failed = { values, baseVersionId, reason, message: redact(message).slice(0, 1_000) };
}

export function templateOf({ template }: RolloutFacts): { id: string; activeVersionId: string } {
  return template as { id: string; activeVersionId: string };
}

export function oursOf({ ours }: RolloutFacts): VersionFact {
  return ours as VersionFact;
}
