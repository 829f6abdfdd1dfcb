import type { CoderContext } from './context.ts';
import { jobView } from './job-view.ts';
import { userOf } from './lookup.ts';
import { matchedProvisioners } from './provisioners.ts';
import type { User, Version } from './state.ts';
import type { Parameter } from './terraform/parameters.ts';
import type { VariableValue } from './terraform/plan.ts';

/** A version as Coder shows it. How many provisioners match is told only while the import waits. */
export function versionView({ state, clock }: CoderContext, version: Version): object {
  const { job } = version;
  return {
    id: version.id,
    ...(version.templateId && { template_id: version.templateId }),
    organization_id: version.organizationId,
    created_at: version.createdAt.toISOString(),
    updated_at: version.updatedAt.toISOString(),
    name: version.name,
    message: version.message,
    job: jobView(state, version.organizationId, job, { template_version_id: version.id }),
    readme: version.readme,
    created_by: minimalUser(userOf(state, version.createdById)),
    archived: version.archived,
    has_external_agent: false,
    ...(job.status === 'pending' && {
      matched_provisioners: matchedProvisioners(state, job.tags, clock.now()),
    }),
  };
}

function minimalUser({ id, username }: User): object {
  return { id, username, name: '', avatar_url: '' };
}

/** Coder never shows a sensitive value, nor its default. */
const REDACTED = '*redacted*';

export function variableView(variable: VariableValue): object {
  const { name, description, type, required, sensitive } = variable;
  const [value, standard] = sensitive ? [REDACTED, REDACTED] : [variable.value, variable.defaultValue];
  return { name, description, type, value, default_value: standard, required, sensitive };
}

export function parameterView(parameter: Parameter): object {
  return {
    name: parameter.name,
    display_name: parameter.displayName,
    description: parameter.description,
    description_plaintext: parameter.description,
    type: parameter.type,
    form_type: parameter.formType,
    mutable: parameter.mutable,
    default_value: parameter.defaultValue,
    icon: parameter.icon,
    options: parameter.options ?? [],
    required: parameter.required,
    ephemeral: parameter.ephemeral,
  };
}

/** The keys are capital: Coder gives them no JSON names. */
export function presetViews({ plan, presetIds }: Version): object[] | null {
  if (!plan || plan.presets.length === 0) return null;
  return plan.presets.map((preset, at) => ({
    ID: presetIds[at],
    Name: preset.name,
    Parameters: preset.parameters.map(({ name, value }) => ({ Name: name, Value: value })),
    Default: preset.isDefault,
    DesiredPrebuildInstances: preset.prebuilds ?? null,
    Description: preset.description,
    Icon: preset.icon,
  }));
}
