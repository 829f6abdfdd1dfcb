import * as z from 'zod';
import { json } from '../../azure/tables/row-codec.ts';
import { Catalog, type CatalogWish } from './catalog/wish.ts';
import { isSameImage } from './value.ts';
import { Wish } from './wish.ts';
import type { CanaryRule } from './words.ts';

/** By the name of a variable; a stamp stands for a catalog. */
const Values = z.record(z.string(), z.string());

/** A workspace that is started from a version before its promotion. */
const Canary = z.object({
  /** Under which it is found again after a crash. */
  name: z.string(),
  since: z.coerce.date(),
  /** How often Coder was asked to start it: what vanishes is started again. */
  starts: z.int().default(0),
  /** What it showed; noted before it is deleted. */
  verdict: z.object({ isReady: z.boolean(), message: z.string(), on: z.coerce.date() }).optional(),
  /** What it starts from, by the variables that hold catalogs. */
  tries: z.record(z.string(), z.object({ id: z.string(), image: z.string() })).optional(),
});
export type Canary = z.infer<typeof Canary>;

/** A version of the bridge's own that is being built, or waits for a person to promote it. */
const Building = z.object({
  /** Under which it is found again after a crash. */
  name: z.string(),
  attempt: z.int(),
  values: Values,
  /** What these variables named in the version that was active. */
  before: Values,
  /** The version that was active, of which it has the source. */
  baseVersionId: z.string(),
  fileId: z.string(),
  /** Absent while the answer of Coder to the call that makes it may have been lost. */
  versionId: z.string().optional(),
  since: z.coerce.date(),
  /** It is built and verified, and waits for a person to promote it. */
  isReady: z.boolean().optional(),
  /** A person asked to promote it as soon as it is built and verified. */
  isApproved: z.boolean().optional(),
  /** Noted before it is started. */
  canary: Canary.optional(),
});
export type Building = z.infer<typeof Building>;

/** What the bridge remembers of one template; all else is asked of Coder each time. Kept as JSON. */
export const Rollout = z.object({
  /** The template as people call it; absent in what earlier releases wrote. */
  name: z.object({ organization: z.string(), template: z.string() }).optional(),
  /** What each variable is to name. */
  wishes: z.record(z.string(), Wish).default({}),
  /** What each variable that holds a catalog is to offer. */
  catalogs: z.record(z.string(), Catalog).default({}),
  /** Push of the oldest wish that came after the last version was begun. */
  openSince: z.coerce.date().optional(),
  building: Building.optional(),
  /** The version that the bridge promoted last. */
  last: z
    .object({
      versionId: z.string(),
      /** By Coder's clock. */
      createdOn: z.coerce.date(),
      /** By the bridge's clock. */
      begunOn: z.coerce.date(),
      promotedOn: z.coerce.date(),
      /** How long Coder took for its import. */
      importMs: z.int().optional(),
      /** What a person should know of it. */
      warning: z.string().optional(),
    })
    .optional(),
  /**
   * Values that variables had, the latest first: a person's push may copy one of them. Those that are not the bridge's
   * have the time when the bridge replaced them.
   */
  past: z.array(z.object({ value: z.string(), replacedOn: z.coerce.date().optional() })).default([]),
  /** The last wish of each variable that the template was seen to name. */
  named: Values.default({}),
  /** The older version that took the place of the bridge's last. When it does so again, it is no person's wish for once. */
  takenBackTo: z.string().optional(),
  /** Ids of the versions that were active, as far as the bridge saw them; the active one is the last. */
  actives: z.array(z.string()).default([]),
  /** Values that a person took back, which stay away until another digest is pushed. */
  held: z.record(z.string(), z.array(z.string())).default({}),
  /** Values, by variable or by variable and image of a catalog, whose canary failed, with what it said. */
  canaryFailed: z.record(z.string(), z.object({ value: z.string(), message: z.string() })).default({}),
  /** Values that failed together: each is tried alone. */
  suspects: Values.default({}),
  /** Names of canaries that failed, and are kept for people. */
  keptCanaries: z.array(z.string()).default([]),
  /** What Coder refused to build: it is not built again on the same base. */
  failed: z
    .object({
      values: Values,
      /** What each catalog among the values was to offer, as `offerOf` says; absent in what earlier releases wrote. */
      offers: Values.optional(),
      baseVersionId: z.string(),
      reason: z.string(),
      message: z.string(),
    })
    .optional(),
});
export type Rollout = z.infer<typeof Rollout>;

/** The values that the version changes; all of them where it changes none. */
export function changedBy({ values, before }: Pick<Building, 'values' | 'before'>): Record<string, string> {
  const changed = Object.entries(values).filter(([name, value]) => !isSameImage(value, before[name]));
  return changed.length > 0 ? Object.fromEntries(changed) : values;
}

type Wishes = Pick<Rollout, 'wishes' | 'catalogs'>;

/** Everything that is wished of the template. */
export function allWishes({ wishes, catalogs }: Wishes): (Wish | CatalogWish)[] {
  return [
    ...Object.values(wishes),
    ...Object.values(catalogs).flatMap(groups => Object.values(groups).flat()),
  ];
}

/** Images whose records say something else after a person promoted another version, as far as one call can look. */
export function imagesToLookAt(rollout: Rollout): (Wish | CatalogWish)[] {
  const isHeldAlone = ({ value }: Wish) => Object.values(rollout.held).some(values => values.includes(value));
  const rank = (wish: Wish) => (isHeldAlone(wish) ? Number.POSITIVE_INFINITY : wish.pushedOn.getTime());
  const inCatalogs = allWishes({ ...rollout, wishes: {} });
  const latest = inCatalogs.sort((a, b) => (rank(a) < rank(b) ? 1 : -1)).slice(0, MOST_LOOKED_AT);
  return [...Object.values(rollout.wishes), ...latest];
}

/** Something was pushed since the last version was begun. */
export function noteOpen(rollout: Rollout, pushedOn: Date): void {
  const { openSince } = rollout;
  rollout.openSince = openSince && openSince < pushedOn ? openSince : pushedOn;
}

/** How a workspace is tried; undefined for no canary. A template starts as a whole, so one of its variables says how. */
export function canaryRuleOf(rollout: Wishes): CanaryRule | undefined {
  return allWishes(rollout).find(wish => wish.canary)?.canary;
}

/** As a template's row keeps it. */
export const RolloutRow = z.object({
  rollout: json(Rollout).prefault('{}'),
});
export type RolloutRow = z.infer<typeof RolloutRow>;

/** Values, and versions that were active, that are remembered. A value may have some 500 characters, and the row 32 Ki. */
export const MOST_PAST = 30;

/** Each of them is an import. */
const MOST_LOOKED_AT = 10;

/** Going back to a version removes those that came after it. */
export function noteActive(rollout: Rollout, versionId: string): void {
  const at = rollout.actives.indexOf(versionId);
  const before = at < 0 ? rollout.actives : rollout.actives.slice(0, at);
  rollout.actives = [...before, versionId].slice(-MOST_PAST);
}

/** @param replacedOn when the bridge replaced the values; absent for the bridge's own */
export function remember(rollout: Rollout, values: readonly string[], replacedOn?: Date): void {
  const isOwn = (value: string) => rollout.past.some(old => old.value === value && !old.replacedOn);
  const added = replacedOn ? values.filter(value => !isOwn(value)) : values;
  const others = rollout.past.filter(({ value }) => !added.includes(value));
  const newest = added.map(value => ({ value, ...(replacedOn && { replacedOn }) }));
  rollout.past = [...newest, ...others].slice(0, MOST_PAST);
}
