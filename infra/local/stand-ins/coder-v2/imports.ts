import type { CoderContext } from './context.ts';
import { HclError } from './hcl/error.ts';
import { fail, log, succeed } from './jobs.ts';
import { userOf } from './lookup.ts';
import type { Version } from './state.ts';
import { fillVariables, isTooLong, missingVariables, type Plan, planTemplate } from './terraform/plan.ts';
import type { TemplateSource } from './terraform/template-source.ts';
import { newUuid } from './uuid.ts';

const IMPORT_WORKSPACE = { id: '00000000-0000-0000-0000-000000000000', name: 'default' } as const;

/** Lets a provisioner import the version. */
export function startImport(context: CoderContext, version: Version): void {
  const { jobs, switches, clock, nextFailures } = context;
  let ordered: string | undefined;
  jobs.add({
    job: version.job,
    durationMs: () => switches.importMs,
    acquired() {
      ordered = nextFailures.shift();
      copyFromActive(context, version);
      log(version.job, clock.now(), 'Setting up', 'Adding README.md...');
    },
    finish() {
      log(version.job, clock.now(), 'Detecting persistent resources', 'Terraform 1.11.4');
      if (ordered === undefined) importVersion(context, version);
      else failImport(context, version, ordered);
      context.afterImport.get(version.id)?.();
    },
  });
}

/**
 * Values that the request does not name come from the version that is active now, when the job is acquired:
 * of two imports at once the second one lacks what the first one sets.
 */
function copyFromActive({ state }: CoderContext, version: Version): void {
  const template = state.templates.find(({ id }) => id === version.templateId);
  const active = state.versions.find(({ id }) => id === template?.activeVersionId);
  for (const { name, value } of active?.variables ?? []) {
    if (!version.given.has(name)) version.given.set(name, value);
  }
}

function importVersion(context: CoderContext, version: Version): void {
  try {
    const source = context.templateIn(version.job.fileId);
    version.readme = source.readme;
    version.variables = fillVariables(source.variables, version.given);
    const missing = missingVariables(version.variables);
    if (missing.length > 0) {
      const error = `required template variables need values: ${missing.join(', ')}`;
      failImport(context, version, error, 'REQUIRED_TEMPLATE_VARIABLES');
    } else if (isTooLong(version.variables)) {
      failImport(context, version, 'terraform plan: fork/exec terraform: argument list too long');
    } else {
      version.plan = planBoth(context, source, version);
      version.presetIds = version.plan.presets.map(newUuid);
      succeed(version.job, context.clock.now());
    }
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    failImport(context, version, `terraform plan: ${error.message}`);
  }
}

/** Coder plans a start and a stop. */
function planBoth({ state }: CoderContext, source: TemplateSource, version: Version): Plan {
  const { id, username, email } = userOf(state, version.createdById);
  const owner = { id, name: username, email };
  const planFor = (transition: 'start' | 'stop') =>
    planTemplate(source, version.variables, {
      workspace: { ...IMPORT_WORKSPACE, transition },
      owner,
      parameters: {},
    });
  planFor('stop');
  return planFor('start');
}

function failImport(
  { clock }: CoderContext,
  { job }: Version,
  error: string,
  code?: 'REQUIRED_TEMPLATE_VARIABLES',
): void {
  for (const line of error.split('\n')) {
    log(job, clock.now(), 'Detecting persistent resources', line, 'error');
  }
  fail(job, clock.now(), error, code);
}
