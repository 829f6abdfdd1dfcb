import { reportsOf } from './agents.ts';
import type { CoderContext } from './context.ts';
import { notFound } from './errors.ts';
import { activeVersion } from './lookup.ts';
import { activate } from './promote.ts';
import { newProvisioner, type Tags } from './provisioners.ts';
import { type Push, pushTemplate, userNamed } from './push-template.ts';
import type { Template, Version } from './state.ts';
import { deleteTemplate } from './templates.ts';
import { latestBuild } from './workspace-state.ts';

/** What people, and other tools than the bridge, do to Coder; and what goes wrong there. */
export interface CoderControls {
  /** `coder templates push`. Makes the template when there is none. @returns the version, whose import goes on */
  pushTemplate(push: Push): Version;
  /** In the dashboard. @param version id or name */
  promote(template: string, version: string): void;
  /** The Variables page of the dashboard: a new version with this value, promoted when it is imported. */
  setVariable(template: string, name: string, value: string): Version;
  /** As with a licence. An empty message takes it back. */
  deprecate(template: string, message: string): void;
  deleteTemplate(template: string): void;
  /** From now on these provisioners, and no others, are connected. */
  setProvisioners(provisioners: { name: string; tags?: Tags | undefined }[]): void;
  /** Moves the clock, and runs what becomes due. */
  advance(ms: number): void;
  failNextImport(error: string): void;
  /** Lets no import or build go on beyond this state until `releaseImports`. */
  holdImports(at: 'pending' | 'running'): void;
  releaseImports(): void;
  /** @param id first ten characters of a token */
  expireToken(id: string): void;
  /** Takes a right such as `template:update` from a user, or gives it back. */
  revokeRight(user: string, right: string, isGiven?: boolean): void;
  /**
   * `terraform apply` of a template that Terraform manages: it promotes the version that Terraform made.
   * @param version id or name; the template's first when absent
   */
  terraformApply(template: string, version?: string): void;
  /** What the agents of a workspace report. @param output what a failed startup script printed */
  reportAgents(workspaceId: string, report: 'connect' | 'ready' | 'fail', output?: string): void;
}

export function createControls(context: CoderContext): CoderControls {
  const { state, clock, jobs, nextFailures } = context;
  const controls: CoderControls = {
    pushTemplate: push => pushTemplate(context, push),
    promote(template, version) {
      activate(context, templateNamed(context, template), versionOf(context, template, version));
    },
    setVariable: (template, name, value) => setVariable(context, template, name, value),
    deprecate(template, message) {
      templateNamed(context, template).deprecationMessage = message;
    },
    deleteTemplate: template => deleteTemplate(context, templateNamed(context, template)),
    setProvisioners(provisioners) {
      connect(context, provisioners);
      jobs.wake();
    },
    advance: ms => clock.advance(ms),
    failNextImport: error => void nextFailures.push(error),
    holdImports: at => jobs.hold(at),
    releaseImports: () => jobs.release(),
    expireToken(id) {
      const key = state.keys.find(candidate => candidate.id === id);
      if (!key) throw notFound();
      key.expiresAt = clock.now();
    },
    revokeRight(name, right, isGiven = false) {
      const user = userNamed(context, name);
      user.revoked = user.revoked.filter(other => other !== right);
      if (!isGiven) user.revoked.push(right);
    },
    terraformApply(template, version) {
      const { id } = templateNamed(context, template);
      const first = state.versions.find(({ templateId }) => templateId === id);
      controls.promote(template, version ?? first?.id ?? '');
    },
    reportAgents(workspaceId, report, output = '') {
      const workspace = state.workspaces.find(({ id }) => id === workspaceId);
      if (!workspace) throw notFound();
      const reports = reportsOf(latestBuild(workspace), clock);
      if (report === 'fail') reports.fail(output);
      else reports[report]();
    },
  };
  return controls;
}

/** Those that are gone stay listed, with the time when they were seen last. */
function connect({ state, clock }: CoderContext, wanted: { name: string; tags?: Tags | undefined }[]): void {
  for (const provisioner of state.provisioners) provisioner.lastSeenAt ??= clock.now();
  for (const { name, tags = {} } of wanted) {
    state.provisioners = state.provisioners.filter(other => other.name !== name);
    state.provisioners.push(newProvisioner(name, state.organization.id, tags, clock.now()));
  }
}

/** The dashboard sends every value that it can show, and the changed one. */
function setVariable(context: CoderContext, template: string, name: string, value: string): Version {
  const { variables } = activeVersion(context.state, templateNamed(context, template));
  const shown = variables
    .filter(({ sensitive }) => !sensitive)
    .map(variable => [variable.name, variable.value]);
  return pushTemplate(context, { template, variables: { ...Object.fromEntries(shown), [name]: value } });
}

/** @throws CoderError 404 */
function templateNamed({ state }: CoderContext, name: string): Template {
  const template = state.templates.find(
    ({ id, settings, deleted }) => !deleted && (id === name || settings.name === name),
  );
  if (!template) throw notFound();
  return template;
}

/** @throws CoderError 404 */
function versionOf(context: CoderContext, templateName: string, name: string): Version {
  const template = templateNamed(context, templateName);
  const version = context.state.versions.find(
    candidate => candidate.templateId === template.id && (candidate.id === name || candidate.name === name),
  );
  if (!version) throw notFound();
  return version;
}
