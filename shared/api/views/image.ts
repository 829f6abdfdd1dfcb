import * as z from 'zod';
import { MemoView, RequestWords } from '../../coder/words.ts';
import { ruleOf } from '../../policy/policy.ts';
import { formatReference } from '../../policy/reference.ts';
import { findReason, IMAGE_REASONS, remedyOf, STATES } from '../../reasons.ts';
import type { ImageRecord } from '../../records/image.ts';
import type { Registry } from '../../records/registry.ts';
import { Count, Time } from './fields.ts';

export const ImageView = z.strictObject({
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  reference: z.string(),
  digest: z.string().optional(),
  pinnedReference: z.string().optional().describe('Reference that pulls exactly the digest in Coder.'),
  rule: z
    .int()
    .optional()
    .describe('Index of the rule of the present policy that matches, from 0; absent when none does.'),
  state: z.enum(STATES),
  reason: z.enum(IMAGE_REASONS),
  message: z.string().describe('What happened last.'),
  meaning: z.string().optional().describe('What the reason means.'),
  remedy: z.string().optional().describe('What a person must do.'),
  attempts: Count.optional(),
  nextAttemptOn: Time.optional(),
  pushedOn: Time.optional().describe(
    'Absent when the registry never had the tag, as far as the bridge knows.',
  ),
  importedOn: Time.optional(),
  latencyMs: z.int().optional().describe('Time from the push until Coder had it, in ms.'),
  updatedOn: Time,
  ...MemoView.shape,
  requested: RequestWords.optional().describe(
    'The values of an import by hand; they override rule and labels.',
  ),
});

/**
 * An image record as the API shows it, with the remedy when a person must act.
 * @param of the registry, for a reference to pull by
 */
export function imageView(record: ImageRecord, of?: Registry) {
  const { state, reason } = record;
  const rule = of ? ruleOf(of, record) : -1;
  const inCoder = state === 'imported' ? record.digest : record.coderDigest;
  return {
    registry: record.registry,
    repository: record.repository,
    tag: record.tag,
    reference: formatReference(record),
    digest: record.digest,
    pinnedReference: of && inCoder && `${of.loginServer}/${record.repository}@${inCoder}`,
    rule: rule >= 0 ? rule : undefined,
    state,
    reason,
    message: record.message,
    meaning: state === 'imported' ? undefined : findReason(reason)?.meaning,
    remedy: remedyOf(reason, state, record.remedy),
    attempts: record.attempts || undefined,
    nextAttemptOn: record.dueOn,
    pushedOn: record.pushedOn,
    importedOn: record.importedOn,
    latencyMs: record.latencyMs,
    updatedOn: record.updatedOn,
    ...MemoView.parse(record.memo ?? {}),
    requested: record.requested,
  };
}
