import { type CatalogEntry, stampOf } from './catalog/value.ts';
import type { Building, Canary, Rollout } from './rollout.ts';
import { isSameImage } from './value.ts';
import type { CanaryRule } from './words.ts';

/** A variable of a version, as Coder shows it. */
export interface VariableFact {
  name: string;
  type: string;
  value: string;
  sensitive: boolean;
}

/** A version of the template, as Coder shows it. */
export interface VersionFact {
  id: string;
  name: string;
  createdOn: Date;
  createdBy: string;
  fileId: string;
  /** Tags of its import, which decide on the provisioner. */
  tags?: Readonly<Record<string, string>> | undefined;
  status: 'pending' | 'running' | 'succeeded' | 'canceling' | 'canceled' | 'failed' | 'unknown';
  /** When its import ended. */
  importedOn?: Date | undefined;
  /** Why its import failed, as Coder says. */
  error?: string | undefined;
  /** Provisioners with the tags of its import that Coder has seen lately; absent unless it waits for one. */
  provisioners?: number | undefined;
  archived: boolean;
  /** Absent until they were read; Coder shows them once the import has ended. */
  variables?: readonly VariableFact[] | undefined;
}

/** A workspace of the bridge's own, as Coder shows it. */
export interface CanaryFact {
  id: string;
  name: string;
  ownerId: string;
  versionId: string;
  createdOn: Date;
  /** Status of the latest build's job. */
  build: VersionFact['status'];
  error?: string | undefined;
  /** What its latest build does: start, stop or delete. */
  transition: string;
  /** Its latest build deletes it, and has not failed. */
  isDeleting: boolean;
  /** Without those of dev containers in it. */
  agents: readonly { id: string; name: string; status: string; lifecycle: string; reason?: string }[];
}

/** What a variable that holds a catalog is to hold next. */
export interface CatalogFact {
  entries: readonly CatalogEntry[];
  text: string;
  /** What stands for all that is to be offered. */
  offer: string;
  /** Why entries that nothing wishes for stay, by their ids. */
  uses: Readonly<Record<string, string>>;
}

/** What is known when the next step of a rollout is decided. What was not read yet is undefined. */
export interface RolloutFacts {
  rollout: Rollout;
  /** What each variable is to name; a variable that nothing is wished for is not here. A catalog once it was composed. */
  wanted: Readonly<Record<string, string>>;
  /** By the variables that hold catalogs. */
  catalogs?: Readonly<Record<string, CatalogFact>> | undefined;
  /** A person promotes what the bridge has built. */
  isManual: boolean;
  /** Re-promotes what a person rolled back. */
  restores: boolean;
  /** null when Coder has no such template. */
  template?: { id: string; activeVersionId: string } | null | undefined;
  /** With its variables. */
  active?: VersionFact | undefined;
  /** The version that is being built; null when Coder has none of that name or id. */
  ours?: VersionFact | null | undefined;
  /** How a workspace is tried before promotion; absent for none. */
  canaryRule?: CanaryRule | undefined;
  /** Coder makes no workspaces from the template any more. */
  isDeprecated?: boolean | undefined;
  /** null when there is no workspace of that name. */
  canary?: CanaryFact | null | undefined;
  /** Id of the user whose token the bridge has; read together with a version that is found by its name. */
  me?: string | undefined;
  now: Date;
}

export type CanaryStep =
  | { do: 'read-canary'; name: string }
  | { do: 'note-canary'; canary: Canary }
  | { do: 'start-canary'; name: string }
  /** Notes what it showed, with the last words of the agents. */
  | { do: 'judge-canary'; isReady: boolean; message: string; agents?: readonly string[] }
  | { do: 'delete-canary'; canary: CanaryFact };

export type RolloutStep =
  | CanaryStep
  | { do: 'read-template' }
  | { do: 'read-active' }
  /** Finds out what of the catalogs in the active version is in use, and composes the next ones. */
  | { do: 'compose-catalogs' }
  | { do: 'read-ours'; building: Building }
  | { do: 'read-variables-of-ours' }
  | { do: 'create'; building: Building }
  /** The version is known now, or another name is tried since this one is taken. */
  | { do: 'note-building'; building: Building | undefined }
  | { do: 'cancel' }
  /** Ours was built on what is not active any more, or with what is not wished any more: archive it and begin again. */
  | { do: 'discard' }
  | { do: 'promote' }
  /** Ours is the active version. */
  | { do: 'note-promoted' }
  /** A person took back what the bridge had promoted. */
  | { do: 'hold'; values: Readonly<Record<string, string>> }
  | { do: 'restore'; versionId: string }
  /** `until` where it is known when to go on. */
  | { do: 'wait'; reason: 'coder-building' | 'no-provisioner' | 'canary-running'; until?: Date }
  /** Ours is of no use: it is archived, and not built again on this base. */
  | { do: 'give-up'; reason: GivenUp; message: string }
  /** A person archived ours: what it would have changed is held. */
  | { do: 'drop'; values: Readonly<Record<string, string>> }
  | { do: 'settle'; reason: Settled; message?: string };

export type GivenUp =
  | 'canary-failed'
  | 'template-build-failed'
  | 'variable-missing'
  | 'variable-sensitive'
  | 'template-invalid';
export type Settled =
  | 'template-updated'
  | 'already-in-template'
  | 'version-ready'
  | 'template-missing'
  | 'held'
  | GivenUp;

/** What stays away from a variable after a person took it back. */
export function wishedOf(
  { wanted, catalogs }: Pick<RolloutFacts, 'wanted' | 'catalogs'>,
  variable: string,
): string {
  return catalogs?.[variable]?.offer ?? (wanted[variable] as string);
}

/** Values by the name of the variable, or the stamps that stand for them. */
export function valuesOf({
  variables = [],
}: {
  variables?: readonly Pick<VariableFact, 'name' | 'value'>[] | undefined;
}): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, stampOf(value)]));
}

/** What Coder shows of a variable, whole. */
export function textOf(
  version: { variables?: readonly Pick<VariableFact, 'name' | 'value'>[] | undefined } | undefined,
  variable: string,
): string | undefined {
  return version?.variables?.find(({ name }) => name === variable)?.value;
}

/** Whether both name the same images. */
export function isSame(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every(name => isSameImage(one[name], other[name]));
}
