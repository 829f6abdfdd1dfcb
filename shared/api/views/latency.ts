import * as z from 'zod';
import { Count, Time } from './fields.ts';

export const LatencyView = z.strictObject({
  registry: z.string(),
  since: Time,
  count: Count,
  p50Ms: z.int().optional(),
  p95Ms: z.int().optional(),
  maxMs: z.int().optional(),
});
