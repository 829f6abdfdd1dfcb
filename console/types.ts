import type * as z from 'zod';
import type { DiagnosisView } from '../shared/api/views/diagnosis.ts';
import type { ExplanationView } from '../shared/api/views/explanation.ts';
import type { ImageView } from '../shared/api/views/image.ts';
import type { RegistryView } from '../shared/api/views/registry.ts';
import type { ReportView } from '../shared/api/views/report.ts';
import type { RotationPlanView } from '../shared/api/views/rotation-plan.ts';
import type { SummaryView } from '../shared/api/views/summary.ts';
import type { TemplateView } from '../shared/api/views/template.ts';

// What the API answers, as its own schemas say. Only their types come into the page.

export type Image = z.infer<typeof ImageView>;
export type Registry = z.infer<typeof RegistryView>;
export type Template = z.infer<typeof TemplateView>;
/** What a path to a template needs. */
export type TemplateName = Pick<Template, 'organization' | 'template'>;
export type Report = z.infer<typeof ReportView>;
export type Diagnosis = z.infer<typeof DiagnosisView>;
export type RotationPlan = z.infer<typeof RotationPlanView>;
export type Summary = z.infer<typeof SummaryView>;
/** The answer of a dry run. */
export type Explanation = Extract<z.infer<typeof ExplanationView>, { dryRun: true }>;
export type { SetupGuide } from '../shared/guide/schema.ts';

export interface Page<T> {
  items: T[];
  continuationToken?: string;
}
