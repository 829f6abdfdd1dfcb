import { randomBytes, randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { type NewVersion, valuesIn } from './bodies.ts';
import type { Caller, CoderContext } from './context.ts';
import { CoderError, unauthorizedWrite } from './errors.ts';
import { startImport } from './imports.ts';
import { newJob } from './jobs.ts';
import { mayTemplate } from './lookup.ts';
import { classicTags, previewNewVersion } from './preview.ts';
import { normalized } from './provisioners.ts';
import { allowed } from './rights.ts';
import type { StoredFile, Template, Version } from './state.ts';

export type VersionRequest = z.infer<typeof NewVersion>;

/** Makes a version and starts its import. The order of the checks is Coder's. @throws CoderError */
export function createVersion(context: CoderContext, caller: Caller, request: VersionRequest): Version {
  const template = request.template_id ? templateOf(context, caller, request.template_id) : undefined;
  const file = fileOf(context, caller, request.file_id);
  const given = valuesIn(request.user_variable_values);
  const isClassic = template?.settings.use_classic_parameter_flow === true;
  const preview = isClassic ? classicTags : previewNewVersion;
  const found = preview(context, caller, file.id, given);
  const sent = Object.entries(request.tags ?? {}).filter(([, value]) => value !== '');
  const tags = normalized({ ...found, ...Object.fromEntries(sent) });
  const name = request.name || `${randomBytes(4).toString('hex')}_${randomBytes(3).toString('hex')}`;
  if (!mayTemplate(caller, 'create', template?.id)) {
    throw unauthorizedWrite('Internal error creating template version.', 'insert template version');
  }
  refuseTakenName(context, template?.id, name);
  const version = insertVersion(context, caller, {
    name,
    message: request.message ?? '',
    template,
    file,
    tags,
    given,
  });
  startImport(context, version);
  return version;
}

/** A deleted template, or a deprecated one, is not refused. @throws CoderError 404 */
function templateOf({ state }: CoderContext, caller: Caller, id: string): Template {
  const template = state.templates.find(candidate => candidate.id === id);
  if (!template || !mayTemplate(caller, 'read', id)) throw new CoderError(404, 'Template does not exist.');
  return template;
}

/** A file serves who may read files, or who may update a template that has a version with it. @throws CoderError 404 */
function fileOf({ state }: CoderContext, caller: Caller, id: string | null | undefined): StoredFile {
  const file = state.files.find(candidate => candidate.id === id);
  if (!file) throw new CoderError(404, 'File not found.');
  if (allowed(caller, 'read', { type: 'file', id: file.id, ownerId: file.ownerId })) return file;
  const templates = state.versions
    .filter(({ job }) => job.fileId === file.id)
    .map(({ templateId }) => templateId);
  if (templates.some(templateId => mayTemplate(caller, 'update', templateId))) return file;
  throw new CoderError(404, 'File not found.');
}

/** Names are taken for good: by versions that failed and by archived ones too. @throws CoderError 409 */
function refuseTakenName({ state }: CoderContext, templateId: string | undefined, name: string): void {
  if (templateId === undefined) return;
  if (!state.versions.some(version => version.templateId === templateId && version.name === name)) return;
  throw new CoderError(409, `A template version with name "${name}" already exists for this template.`, {
    validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
  });
}

interface NewVersionParts {
  name: string;
  message: string;
  template: Template | undefined;
  file: StoredFile;
  tags: Record<string, string>;
  given: Map<string, string>;
}

function insertVersion(context: CoderContext, { user }: Caller, parts: NewVersionParts): Version {
  const { state, clock } = context;
  const { name, message, template, file, tags, given } = parts;
  const now = clock.now();
  const version: Version = {
    id: randomUUID(),
    ...{ name, message, given },
    readme: '',
    organizationId: state.organization.id,
    ...(template && { templateId: template.id }),
    createdById: user.id,
    createdAt: now,
    updatedAt: now,
    archived: false,
    job: newJob({
      type: 'template_version_import',
      initiatorId: user.id,
      fileId: file.id,
      tags,
      createdAt: now,
    }),
    variables: [],
    presetIds: [],
  };
  state.versions.push(version);
  return version;
}
