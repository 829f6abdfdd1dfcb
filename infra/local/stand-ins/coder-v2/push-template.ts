import { tarOfFiles } from '../../folder-tar.ts';
import type { Caller, CoderContext } from './context.ts';
import { createVersion } from './create-version.ts';
import { CoderError, notFound } from './errors.ts';
import { storeFile } from './files.ts';
import { activeVersion } from './lookup.ts';
import { activate } from './promote.ts';
import type { Template, User, Version } from './state.ts';
import { createTemplate } from './templates.ts';
import { readTfvars } from './terraform/tfvars.ts';
import { newKey } from './tokens.ts';

/** What `coder templates push` is given. */
export interface Push {
  /** Name of the template. */
  template: string;
  /** Name of the user who pushes; the first user when absent. */
  user?: string | undefined;
  /** Files by name, such as `main.tf`; those of the active version when absent. */
  files?: Record<string, string> | undefined;
  /** Values on the command line. */
  variables?: Record<string, string> | undefined;
  /** Text of a `terraform.tfvars` beside the files: its values are sent too. */
  tfvars?: string | undefined;
  /** Whether to promote the version once it is imported; yes when absent. */
  activate?: boolean | undefined;
  /** Name of the version; a random one when absent. */
  name?: string | undefined;
}

/**
 * What `coder templates push` does, which makes the template when there is none.
 * @returns the version, whose import goes on
 * @throws CoderError
 */
export function pushTemplate(context: CoderContext, push: Push): Version {
  const caller = personCalled(context, push.user);
  const template = context.state.templates.find(
    ({ settings, deleted }) => settings.name === push.template && !deleted,
  );
  const active = template && activeVersion(context.state, template);
  const tfvars = push.tfvars === undefined ? {} : readTfvars(push.tfvars);
  const values = Object.entries({ ...tfvars, ...push.variables });
  const version = createVersion(context, caller, {
    storage_method: 'file',
    provisioner: 'terraform',
    file_id: fileIdOf(context, caller.user, push, active),
    template_id: template?.id,
    name: push.name,
    // The command line tool sends the tags of the active version.
    tags: active?.job.tags,
    user_variable_values: values.map(([name, value]) => ({ name, value })),
  });
  if (push.activate !== false) {
    context.afterImport.set(version.id, () => finishPush(context, caller, version, template, push.template));
  }
  return version;
}

/** @throws CoderError 400 */
function fileIdOf(context: CoderContext, user: User, { files }: Push, active: Version | undefined): string {
  if (files) return storeFile(context, user, tarOfFiles(files)).id;
  if (active) return active.job.fileId;
  throw new CoderError(400, 'A new template needs files.');
}

function finishPush(
  context: CoderContext,
  caller: Caller,
  version: Version,
  template: Template | undefined,
  name: string,
): void {
  if (version.job.status !== 'succeeded') return;
  if (template) activate(context, template, version);
  else createTemplate(context, caller, version, { name, template_version_id: version.id });
}

/** A person with a session of their own. */
function personCalled(context: CoderContext, name: string | undefined): Caller {
  const user = userNamed(context, name);
  return { user, key: newKey({ userId: user.id }, context.clock.now(), context.secrets) };
}

/** By name or id; the first owner when there is no name. @throws CoderError 404 */
export function userNamed({ state }: CoderContext, name: string | undefined): User {
  const user = state.users.find(({ id, username, roles }) =>
    name === undefined ? roles.includes('owner') : name === username || name === id,
  );
  if (!user) throw notFound();
  return user;
}
