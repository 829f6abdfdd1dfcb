import type { Template } from './answers.ts';
import { CommandError, EXIT } from './exit.ts';
import { paint } from './output.ts';

/** Path of a template in the API. @throws CommandError `usage` for what is not organization/template */
export function templatePath(text: string): string {
  const [organization, template, ...more] = text.split('/');
  if (organization && template && more.length === 0)
    return `templates/${encodeURIComponent(organization)}/${encodeURIComponent(template)}`;
  throw new CommandError(EXIT.usage, `Name the template as organization/template, not ${text}.`);
}

/** A template, for people. */
export function templateText({ organization, template, exists, active, ...more }: Template): string {
  const { wanted, building, held, failed, outdatedWorkspaces } = more;
  const lines = [
    paint('bold', `${organization}/${template}`),
    !exists && paint('red', 'Coder shows the bridge no such template.'),
    active && `active    ${active.version}, by ${active.createdBy} on ${active.createdOn}`,
    ...Object.entries(wanted).map(([variable, value]) => `wanted    ${variable} = ${value}`),
    building && `building  ${building.version}, since ${building.since}`,
    ...Object.entries(held).map(([variable, values]) => `held      ${variable} = ${values.join(', ')}`),
    failed && paint('red', `failed    ${failed.reason}: ${failed.message}`),
    outdatedWorkspaces !== undefined && `outdated  ${outdatedWorkspaces} workspaces`,
  ];
  return lines.filter(Boolean).join('\n  ');
}
