import type { Caller, CoderContext } from './context.ts';
import { CoderError, type Validation } from './errors.ts';
import { HclError } from './hcl/error.ts';
import { allowed } from './rights.ts';
import type { User } from './state.ts';
import type { Evaluation } from './terraform/evaluation.ts';
import { parametersOf } from './terraform/parameters.ts';
import { previewTemplate } from './terraform/plan.ts';
import { faultsOf, presetsOf } from './terraform/presets.ts';
import { workspaceTagsOf } from './terraform/workspace-tags.ts';
import { ZERO_UUID } from './uuid.ts';

/**
 * What Coder evaluates before it answers: workspace tags and presets, with only the values of the request.
 * Values that the import will copy from the active version are not there.
 * @returns the workspace tags
 * @throws CoderError 400
 */
export function previewNewVersion(
  context: CoderContext,
  caller: Caller,
  fileId: string,
  given: ReadonlyMap<string, string>,
): Record<string, string> {
  refuseUnreadableOwner(context, caller);
  const evaluation = evaluable(context, caller.user, fileId, given);
  if (!evaluation) return {};
  const { tags, faults } = workspaceTagsOf(evaluation);
  refuse(
    'Unable to parse workspace tags',
    Object.entries(faults).map(([field, detail]) => ({ field, detail })),
  );
  refuse('Unable to validate presets', presetFaults(evaluation));
  return tags;
}

/** A template of the classic flow is only read for its tags; what is wrong with it is left to the import. */
export function classicTags(
  context: CoderContext,
  { user }: Caller,
  fileId: string,
  given: ReadonlyMap<string, string>,
): Record<string, string> {
  const evaluation = evaluable(context, user, fileId, given);
  return evaluation ? workspaceTagsOf(evaluation).tags : {};
}

/** The owner's groups and roles are read with the rights of the token. @throws CoderError 400 */
function refuseUnreadableOwner({ state }: CoderContext, caller: Caller): void {
  const { id } = caller.user;
  if (allowed(caller, 'read', { type: 'user', id, ownerId: id })) return;
  if (allowed(caller, 'read', { type: 'organization_member', id: state.organization.id, ownerId: id }))
    return;
  throw new CoderError(400, 'Internal error checking workspace tags', {
    detail: `Owner not found, uuid=${id}`,
  });
}

/** Undefined for a template that is no HCL, or has wrong defaults: the import will say so. */
function evaluable(
  context: CoderContext,
  user: User,
  fileId: string,
  given: ReadonlyMap<string, string>,
): Evaluation | undefined {
  try {
    return previewTemplate(context.templateIn(fileId), given, occasionOf(user));
  } catch (error) {
    if (error instanceof HclError) return undefined;
    throw error;
  }
}

/** What cannot be evaluated is left to the import as well. */
function presetFaults(evaluation: Evaluation): Validation[] {
  try {
    const parameters = parametersOf(evaluation);
    return presetsOf(evaluation).flatMap(preset =>
      faultsOf(preset, parameters).map(detail => ({ field: preset.name, detail })),
    );
  } catch (error) {
    if (error instanceof HclError) return [];
    throw error;
  }
}

function refuse(message: string, validations: Validation[]): void {
  if (validations.length > 0) throw new CoderError(400, message, { validations });
}

function occasionOf({ id, username, email }: User) {
  return {
    workspace: { id: ZERO_UUID, name: 'default', transition: 'start' as const },
    owner: { id, name: username, email },
    parameters: {},
  };
}
