import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import type { NewTemplate, TemplatePatch } from './bodies.ts';
import type { Caller, CoderContext } from './context.ts';
import { CoderError } from './errors.ts';
import { isSameName, mayTemplate } from './lookup.ts';
import { replacePrebuilds } from './prebuilds.ts';
import { readQuery, type Term } from './query.ts';
import type { Template, TemplateSettings, Version } from './state.ts';
import { STANDARD_SETTINGS } from './template-view.ts';

/** A template from a version that has been imported and belongs to none yet. @throws CoderError */
export function createTemplate(
  context: CoderContext,
  { user }: Caller,
  version: Version,
  request: z.infer<typeof NewTemplate>,
): Template {
  const { state, clock } = context;
  if (version.templateId) {
    throw new CoderError(400, 'The template version is already part of another template');
  }
  if (version.job.status !== 'succeeded') {
    throw new CoderError(412, `Template version import job ${version.job.status}.`);
  }
  if (state.templates.some(({ settings, deleted }) => isSameName(request.name, settings.name) && !deleted)) {
    throw new CoderError(409, `Template with name "${request.name}" already exists.`, {
      validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
    });
  }
  const now = clock.now();
  const { name, display_name, description, icon } = request;
  const template: Template = {
    id: randomUUID(),
    organizationId: state.organization.id,
    createdById: user.id,
    createdAt: now,
    updatedAt: now,
    activeVersionId: version.id,
    deprecationMessage: '',
    deleted: false,
    settings: {
      ...STANDARD_SETTINGS,
      ...given({ name, display_name, description, icon }),
      use_classic_parameter_flow: request.template_use_classic_parameter_flow ?? false,
    },
  };
  version.templateId = template.id;
  state.templates.push(template);
  replacePrebuilds(context, template);
  return template;
}

/** Settings that releases before 2.34 set to nothing when a request leaves them out. */
const WIPED: Partial<TemplateSettings> = {
  display_name: '',
  description: '',
  icon: '',
  default_ttl_ms: 0,
  activity_bump_ms: 0,
  allow_user_autostart: false,
  allow_user_autostop: false,
  allow_user_cancel_workspace_jobs: false,
  failure_ttl_ms: 0,
  time_til_dormant_ms: 0,
  time_til_dormant_autodelete_ms: 0,
  require_active_version: false,
};
const KEEPS_LEFT_OUT_FIELDS_SINCE = 34;

/** Without a licence Coder answers 200 to a deprecation, and does nothing. */
export function patchTemplate(
  { version, switches, clock }: CoderContext,
  template: Template,
  { deprecation_message, ...patch }: z.infer<typeof TemplatePatch>,
): void {
  const base = version.isAtLeast(KEEPS_LEFT_OUT_FIELDS_SINCE) ? {} : WIPED;
  template.settings = { ...template.settings, ...base, ...given(patch) };
  if (!switches.licensed) template.settings.require_active_version = false;
  if (switches.licensed && typeof deprecation_message === 'string') {
    template.deprecationMessage = deprecation_message;
  }
  template.updatedAt = clock.now();
}

/** @throws CoderError 400 while there are workspaces */
export function deleteTemplate({ state, clock }: CoderContext, template: Template): void {
  if (state.workspaces.some(({ templateId, deleted }) => templateId === template.id && !deleted)) {
    throw new CoderError(400, 'All workspaces must be deleted before a template can be removed.');
  }
  template.deleted = true;
  template.updatedAt = clock.now();
}

const KEYS = ['organization', 'exact_name', 'name', 'deprecated', 'deleted'];

/** Deprecated templates are left out unless they are asked for. @throws CoderError 400 */
export function listTemplates({ state }: CoderContext, caller: Caller, query: string | null): Template[] {
  const terms = readQuery(query, 'template', KEYS, 'name');
  if (!terms.some(({ key }) => key === 'deprecated')) terms.push({ key: 'deprecated', value: 'false' });
  return state.templates.filter(
    template =>
      !template.deleted &&
      mayTemplate(caller, 'read', template.id) &&
      terms.every(term => fits(state.organization, template, term)),
  );
}

function fits(organization: { id: string; name: string }, template: Template, { key, value }: Term): boolean {
  const name = template.settings.name.toLowerCase();
  if (key === 'exact_name') return name === value;
  if (key === 'name') return name.includes(value);
  if (key === 'organization') return value === organization.id || value === organization.name;
  if (key === 'deprecated') return String(template.deprecationMessage !== '') === value;
  return value === 'false';
}

/** The fields that a request really sets. */
function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}
