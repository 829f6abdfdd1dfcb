import { expect } from 'vitest';
import type { LoggedRequest } from '../../infra/local/request-log.ts';
import type { Version } from '../../infra/local/stand-ins/coder-v2/state.ts';
import { type Happening, variables } from './template-watch.ts';
import { FEEDS, type Feed, type TemplateWorld, variablesOf } from './template-world.ts';

type Active = Extract<Happening, { is: 'active' }>;

/**
 * What a variable may name in the end, by what was pushed and by what people chose.
 *
 * The digest that was pushed last wins until the template has named it. What a person chooses after the bridge has said
 * that it does stays. Between the two, either is right: whether the bridge knew may be lost in a crash. A choice that
 * falls between the bridge's last look at the template and its promotion may be lost, as Coder has no condition on one.
 */
export function allowedValues(happened: readonly Happening[], feed: Feed): string[] {
  const wanted = lastPush(happened, feed);
  if (wanted === undefined) return [];
  const pushedAt = happened.findIndex(
    one => one.is === 'pushed' && one.feed === feed && one.digest === wanted,
  );
  const named = happened.findIndex(
    (one, at) => at > pushedAt && one.is === 'active' && shows(one, feed, wanted),
  );
  const said = happened.findIndex(
    (one, at) => named >= 0 && at > named && one.is === 'said' && one.feed === feed && one.digest === wanted,
  );
  let allowed = new Set([wanted]);
  let lastChoice: Active | undefined;
  let lastOfBridge: Active | undefined;
  happened.forEach((one, at) => {
    if (one.is !== 'active' || one.template !== feed.template) return;
    if (one.by === 'bridge') lastOfBridge = one;
    if (named < 0 || at <= named || one.by === 'bridge') return;
    const value = nameOf(variablesOf(one.version)[feed.variable]);
    if (!one.chosen.includes(feed.variable)) {
      // A push that was under way when the choice was made may bring back what was there before.
      const isStale = lastChoice && one.version.createdAt <= lastChoice.version.updatedAt;
      if (isStale || (lastChoice && value !== nameOf(variablesOf(lastChoice.version)[feed.variable])))
        allowed = new Set([...allowed, value, wanted]);
      return;
    }
    const isCertain = said >= 0 && at > said && !isLost(happened, at, one) && !wasUnderWay(one, lastOfBridge);
    allowed = new Set(isCertain ? [value] : [...allowed, value, wanted]);
    lastChoice = one;
  });
  return [...allowed];
}

/** Whether the bridge's version was begun before the import of the person's had ended: it may be an ordinary push. */
function wasUnderWay({ version, chosen }: Active, ofBridge: Active | undefined): boolean {
  if (!ofBridge || chosen.length === 1) return false;
  return (version.job.completedAt ?? version.createdAt) >= ofBridge.version.createdAt;
}

/** Whether the bridge promoted over what a person made active, without a look at the template in between. */
function isLost(happened: readonly Happening[], at: number, { template }: Active): boolean {
  const next = happened.findIndex((one, i) => i > at && one.is === 'active' && one.template === template);
  const following = happened[next];
  if (following?.is !== 'active' || following.by !== 'bridge') return false;
  const isPromotion = (one: Happening) =>
    one.is === 'asked' && one.method === 'PATCH' && /\/templates\/[^/]+\/versions$/.test(one.path);
  const promotedAt = happened.findLastIndex((one, i) => i < next && isPromotion(one));
  const looks = new RegExp(`/templates/${template}$`, 'i');
  const looked = happened.findIndex(
    (one, i) => i > at && i < promotedAt && one.is === 'asked' && looks.test(one.path),
  );
  return looked < 0;
}

export function lastPush(happened: readonly Happening[], feed: Feed): string | undefined {
  const last = happened.findLast(one => one.is === 'pushed' && one.feed === feed);
  return last?.is === 'pushed' ? last.digest : undefined;
}

/** The digest that a value names; the value itself when it is a person's. */
export function nameOf(value: string | undefined): string {
  return value?.split('@')[1] ?? value ?? '';
}

function shows({ template, version }: Active, feed: Feed, digest: string): boolean {
  return template === feed.template && nameOf(variablesOf(version)[feed.variable]) === digest;
}

/** What a person made active last is what the active version was made from, step by step. */
export function expectPersonKept(
  world: TemplateWorld,
  happened: readonly Happening[],
  template: string,
): void {
  const at = happened.findLastIndex(
    one => one.is === 'active' && one.template === template && one.by === 'person',
  );
  const last = happened[at];
  if (last?.is !== 'active' || isLost(happened, at, last)) return;
  const versions = world.versions(template);
  const line: string[] = [];
  for (let one: Version | undefined = world.active(template); one; one = baseOf(one, versions))
    line.push(one.id);
  expect(line, `${template} is made from what a person made active last`).toContain(last.version.id);
}

/** Versions of the bridge are made from the source of their base, and change nothing but what they were given. */
export function expectOwnVersions(world: TemplateWorld, template: string): void {
  const versions = world.versions(template);
  const ours = versions.filter(({ name }) => name.startsWith('acr-'));
  for (const version of ours) {
    expect(version.name, 'no second attempt').not.toMatch(/\.\d+$/);
    const base = baseOf(version, versions) as Version;
    expect(version.job.fileId, 'the very source of its base').toBe(base.job.fileId);
    // Coder merged the values of another active version, so that it was not promoted.
    if (version.archived || version.job.status !== 'succeeded') continue;
    const [had, has] = [variablesOf(base), variablesOf(version)];
    for (const feed of FEEDS.filter(one => one.template === template)) {
      const digest = digestIn(version, feed);
      if (digest === undefined) continue;
      expect(has[feed.variable]).toContain(`/${feed.repository}:`);
      expect(has[feed.variable]).toContain(`@${digest}`);
      had[feed.variable] = has[feed.variable] as string;
    }
    expect(has).toEqual(had);
  }
}

/** Only the bridge's own versions are archived. */
export function expectOthersKept(world: TemplateWorld, template: string): void {
  const archived = world.versions(template).filter(version => version.archived);
  for (const { name, createdById } of archived) {
    expect(name).toMatch(/^acr-/);
    expect(createdById).toBe(world.coder.state().users.find(({ username }) => username === 'acr-bridge')?.id);
  }
}

/** Whatever the bridge promoted, it had read the variables of first. @returns how many promotions there were */
export function expectVerified(requests: readonly LoggedRequest[]): number {
  const read = new Set<string>();
  let promotions = 0;
  for (const { method, path, status, body } of requests) {
    const [, id] = /\/templateversions\/([^/]+)\/variables$/.exec(path) ?? [];
    if (id && status === 200) read.add(id);
    if (method !== 'PATCH' || !/\/templates\/[^/]+\/versions$/.test(path)) continue;
    promotions += 1;
    expect([...read], 'its variables were verified').toContain(JSON.parse(body ?? '{}').id);
  }
  return promotions;
}

/** What the bridge gave the version, as its message says; the values that Coder keeps are merged ones. */
function digestIn({ message }: Version, { repository }: Feed): string | undefined {
  return new RegExp(`(?:^|/)${repository}:[^@\\s]+@(sha256:[0-9a-f]+) by acr-bridge$`, 'm').exec(
    message,
  )?.[1];
}

/** The name of a version of the bridge ends with the beginning of its base's id; undefined for one of a person. */
function baseOf({ name }: Version, versions: readonly Version[]): Version | undefined {
  const [, base] = /^acr-.*-([0-9a-f]{8})(?:\.\d+)?$/.exec(name) ?? [];
  return base === undefined ? undefined : versions.find(({ id }) => id.startsWith(base));
}

/** What happened, one line for each thing, without the calls that only read. */
export function story(happened: readonly Happening[]): string {
  const lines = happened.flatMap(one => {
    if (one.is === 'pushed') return `${one.feed.repository} is pushed: ${one.digest.slice(7, 15)}`;
    if (one.is === 'said')
      return `the bridge says ${one.feed.repository} ${one.digest.slice(7, 15)} is imported`;
    if (one.is === 'asked')
      return one.method === 'GET' ? [] : `the bridge asks Coder: ${one.method} ${one.path}`;
    const has = variables(one.template).map(name => nameOf(variablesOf(one.version)[name]).slice(0, 15));
    const chosen = one.chosen.length > 0 ? `, chooses ${one.chosen}` : '';
    return `the ${one.by} makes ${one.version.name} of ${one.template} active (${has.join(', ')})${chosen}`;
  });
  return lines.join('\n');
}
