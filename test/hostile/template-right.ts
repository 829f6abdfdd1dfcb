import { expect } from 'vitest';
import type { Version } from '../../infra/local/stand-ins/coder-v2/state.ts';
import {
  REPOSITORIES,
  type Repository,
  type TemplateWorld,
  VARIABLE_OF,
  variablesOf,
} from './template-world.ts';

/** What a person made active last is what the active version was made from, step by step. */
export function expectPersonKept(world: TemplateWorld, lastOfPeople: string): void {
  const versions = world.versions();
  const line: string[] = [];
  for (let at: Version | undefined = world.active(); at; at = baseOf(at, versions)) line.push(at.id);
  expect(line).toContain(lastOfPeople);
}

/** Versions of the bridge are made once, from the source of their base, and change nothing but what they were given. */
export function expectOwnVersions(world: TemplateWorld): void {
  const versions = world.versions();
  const ours = versions.filter(({ name }) => name.startsWith('acr-'));
  for (const version of ours) {
    expect(version.name, 'no second attempt').not.toMatch(/\.\d+$/);
    const base = baseOf(version, versions) as Version;
    expect(version.job.fileId, 'the very source of its base').toBe(base.job.fileId);
    // Coder merged the values of another active version, so that it was not promoted.
    if (version.archived || version.job.status !== 'succeeded') continue;
    const [had, has] = [variablesOf(base), variablesOf(version)];
    for (const repository of REPOSITORIES) {
      const digest = digestIn(version, repository);
      if (digest === undefined) continue;
      const variable = VARIABLE_OF[repository];
      expect(has[variable]).toContain(`/${repository}:`);
      expect(has[variable]).toContain(`@${digest}`);
      had[variable] = has[variable] as string;
    }
    expect(has).toEqual(had);
  }
}

/** Later versions of the bridge are given later pushes. @param pushed digests in the order of their pushes */
export function expectInOrder(world: TemplateWorld, repository: Repository, pushed: readonly string[]): void {
  const ours = world.versions().filter(({ name }) => name.startsWith('acr-'));
  const given = ours.flatMap(version => digestIn(version, repository) ?? []);
  let latest = 0;
  for (const digest of given) {
    latest = pushed.indexOf(digest, latest);
    expect(latest, `${repository}: ${given.join(' ')}, of ${pushed.join(' ')}`).toBeGreaterThanOrEqual(0);
  }
}

/** What the bridge gave the version, as its message says; the values that Coder keeps are merged ones. */
function digestIn({ message }: Version, repository: Repository): string | undefined {
  return new RegExp(`(?:^|/)${repository}:[^@\\s]+@(sha256:[0-9a-f]+) by acr-bridge$`, 'm').exec(
    message,
  )?.[1];
}

/** The name of a version of the bridge ends with the beginning of its base's id; undefined for one of a person. */
function baseOf({ name }: Version, versions: readonly Version[]): Version | undefined {
  const [, base] = /^acr-.*-([0-9a-f]{8})(?:\.\d+)?$/.exec(name) ?? [];
  return base === undefined ? undefined : versions.find(({ id }) => id.startsWith(base));
}
