import * as z from 'zod';
import { json } from '../../azure/tables/row-codec.ts';
import { Wish } from './wish.ts';

/** By the name of a variable. */
const Values = z.record(z.string(), z.string());

/** A version of the bridge's own that is being built, or waits for a person to promote it. */
const Building = z.object({
  /** Under which it is found again after a crash. */
  name: z.string(),
  attempt: z.int(),
  values: Values,
  /** The version that was active, of which it has the source. */
  baseVersionId: z.string(),
  fileId: z.string(),
  /** Absent while the answer of Coder to the call that makes it may have been lost. */
  versionId: z.string().optional(),
  since: z.coerce.date(),
  /** A person asked to promote it as soon as it is built and verified. */
  isApproved: z.boolean().optional(),
});
export type Building = z.infer<typeof Building>;

/** What the bridge remembers of one template; all else is asked of Coder each time. Kept as JSON. */
export const Rollout = z.object({
  /** What each variable is to name. */
  wishes: z.record(z.string(), Wish).default({}),
  /** When wishes changed in quick succession: the first and the latest time. */
  series: z.object({ firstOn: z.coerce.date(), lastOn: z.coerce.date() }).optional(),
  building: Building.optional(),
  /** The version that the bridge promoted last. */
  last: z
    .object({
      versionId: z.string(),
      createdOn: z.coerce.date(),
      values: Values,
      /** How long Coder took for its import. */
      importMs: z.int().optional(),
    })
    .optional(),
  /** Values that versions of the bridge had, the latest first: a person's push may copy one of them. */
  past: z.array(z.string()).default([]),
  /** The older version that took the place of the bridge's last. When it does so again, it is no person's wish for once. */
  takenBackTo: z.string().optional(),
  /** Values that a person took back, which stay away until another digest is pushed. */
  held: Values.default({}),
  /** What Coder refused to build: it is not built again on the same base. */
  failed: z
    .object({ values: Values, baseVersionId: z.string(), reason: z.string(), message: z.string() })
    .optional(),
});
export type Rollout = z.infer<typeof Rollout>;

/** As a template's row keeps it. */
export const RolloutRow = z.object({
  rollout: json(Rollout).prefault('{}'),
});
export type RolloutRow = z.infer<typeof RolloutRow>;

/** Values that are remembered. */
export const MOST_PAST = 50;
