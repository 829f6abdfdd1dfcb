import * as z from 'zod';
import type { Templates } from '../coder/v2/templates.ts';
import { RefusedError } from '../errors.ts';
import { VAULT_REFUSALS } from './adding-refusals.ts';
import type { TemplateView } from './views/template.ts';

/** The path to a template. */
export const TemplatePath = z.strictObject({
  organization: z
    .string()
    .min(1)
    .max(36)
    .meta({ param: { example: 'coder' } }),
  template: z
    .string()
    .min(1)
    .max(32)
    .meta({ param: { example: 'kubernetes' } }),
});

/** Reasons why calls about templates fail. */
export const TEMPLATE_REFUSALS = [
  'no-templates',
  'coder-unavailable',
  'coder-unauthorized',
  'coder-rejected',
  'coder-busy',
  ...VAULT_REFUSALS,
] as const;

/** @throws RefusedError `no-templates` with Coder Classic */
export function templatesOf({ templates }: { templates: Templates | undefined }): Templates {
  if (templates) return templates;
  throw new RefusedError('no-templates', 'Coder Classic has no templates: CODER_GENERATION is classic.');
}

const VALUE = `contoso.azurecr.io/samples/workspace:v1@sha256:${'4355a46b19d348dc'.repeat(4)}`;

/** The sample template, as the OpenAPI document shows it. */
export const TEMPLATE: z.input<typeof TemplateView> = {
  organization: 'coder',
  template: 'kubernetes',
  exists: true,
  active: {
    version: 'acr-v1-4355a46b-3c9e11aa',
    createdOn: '2026-11-02T09:31:07.000Z',
    createdBy: 'acr-bridge',
    variables: { image: VALUE },
  },
  wanted: { image: VALUE },
  held: {},
  outdatedWorkspaces: 3,
};
