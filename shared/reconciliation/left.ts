import type { Verdict } from '../policy/policy.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';

/** Why a comparison leaves images as they are, and what changes them instead, as reports and the docs show it. */
export const LEFT = {
  pending: 'The bridge tries these again at the time that their records show.',
  failed: 'These were refused. They wait for their next push or a replay.',
  skipped: 'The policy leaves these out, no template is to name them, or workspaces cannot start from them.',
  suspended: 'The registry or their rule is suspended.',
} as const;
export type WhyLeft = keyof typeof LEFT;
export const WHY_LEFT = Object.keys(LEFT) as WhyLeft[];

/** A tag that a comparison leaves as it is although Coder need not have it. */
export interface LeftTag {
  tag: string;
  why: WhyLeft;
  reason: ImageReason;
}

export type LeftImage = LeftTag & Reference;

interface KnownTag {
  tag: string;
  verdict: Verdict;
  record: ImageRecord | undefined;
  isInRegistry: boolean;
}

/** Why a tag is left as it is that shows no difference; undefined when it is alike, or gone. */
export function whyLeft({ tag, verdict, record, isInRegistry }: KnownTag): LeftTag | undefined {
  if (!isInRegistry && (!record || record.state === 'removed')) return undefined;
  const skipped = verdict.action === 'skip' ? verdict.reason : undefined;
  if (skipped === 'suspended') return { tag, why: 'suspended', reason: skipped };
  if (record?.state === 'pending') return { tag, why: 'pending', reason: record.reason };
  if (skipped) return { tag, why: 'skipped', reason: skipped };
  if (record?.state === 'failed' || record?.state === 'skipped')
    return { tag, why: record.state, reason: record.reason };
  return undefined;
}
