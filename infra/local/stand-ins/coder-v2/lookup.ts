import type { Caller, CoderContext } from './context.ts';
import { notFound } from './errors.ts';
import { allowed } from './rights.ts';
import type { CoderState, Organization, Template, User, Version } from './state.ts';

/** Coder does not tell upper from lower case in the names of templates and organizations. */
export function isSameName(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

/** Who made something; users are never deleted here. */
export function userOf({ users }: CoderState, id: string): User {
  const user = users.find(candidate => candidate.id === id);
  if (!user) throw new Error(`There is no user ${id}.`);
  return user;
}

/** By `me`, id or name. @throws CoderError 404 */
export function findUser({ state }: CoderContext, caller: Caller, name: string | undefined): User {
  const found =
    name === 'me' ? caller.user : state.users.find(({ id, username }) => name === id || name === username);
  if (!found) throw notFound();
  return found;
}

/** By id, name or `default`. @throws CoderError 404 */
export function findOrganization(
  { state: { organization } }: CoderContext,
  caller: Caller,
  name: string | undefined,
): Organization {
  const isMeant =
    name === 'default' || isSameName(name, organization.id) || isSameName(name, organization.name);
  if (!isMeant || !allowed(caller, 'read', { type: 'organization', id: organization.id })) throw notFound();
  return organization;
}

/** A template that the caller may read. @throws CoderError 404, for a deleted one too */
export function findTemplate({ state }: CoderContext, caller: Caller, id: string | undefined): Template {
  const template = state.templates.find(candidate => candidate.id === id);
  if (!template || template.deleted || !mayTemplate(caller, 'read', template.id)) throw notFound();
  return template;
}

/** @throws CoderError 404, for a deleted template too */
export function findTemplateByName(
  { state }: CoderContext,
  caller: Caller,
  name: string | undefined,
): Template {
  const template = state.templates.find(
    ({ settings, deleted }) => isSameName(name, settings.name) && !deleted,
  );
  if (!template || !mayTemplate(caller, 'read', template.id)) throw notFound();
  return template;
}

/** A version that the caller may read: for rights it counts as its template. @throws CoderError 404 */
export function findVersion({ state }: CoderContext, caller: Caller, id: string | undefined): Version {
  const version = state.versions.find(candidate => candidate.id === id);
  if (!version || !mayTemplate(caller, 'read', version.templateId)) throw notFound();
  return version;
}

export function mayTemplate(caller: Caller, action: string, id: string | undefined): boolean {
  return allowed(caller, action, { type: 'template', id });
}

export function activeVersion(state: CoderState, template: Template): Version {
  return state.versions.find(({ id }) => id === template.activeVersionId) as Version;
}
