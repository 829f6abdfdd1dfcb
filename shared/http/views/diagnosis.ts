import * as z from 'zod';
import { Time } from './fields.ts';

const Finding = z.strictObject({
  check: z.string(),
  ok: z.boolean().nullable().describe('null when it was not checked, since something else is wrong.'),
  reason: z.string().describe('`ok`, `not-checked`, or what is wrong.'),
  message: z.string(),
  remedy: z.string().optional(),
});

export const DiagnosisView = z.strictObject({
  registry: z.string(),
  checkedOn: Time,
  ok: z.boolean().describe('Whether nothing was found to be wrong.'),
  findings: z.array(Finding),
});
