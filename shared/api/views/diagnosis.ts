import * as z from 'zod';
import { Time } from './fields.ts';

const Finding = z.strictObject({
  check: z.string(),
  ok: z.boolean().nullable().describe('null when it was not checked, because another check failed.'),
  reason: z.string().describe('`ok`, `not-checked`, or the reason of the failure.'),
  message: z.string(),
  remedy: z.string().optional(),
});

export const DiagnosisView = z.strictObject({
  registry: z.string(),
  checkedOn: Time,
  ok: z.boolean().describe('True when no check failed.'),
  findings: z.array(Finding),
});
