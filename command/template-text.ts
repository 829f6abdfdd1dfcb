import { type Template, Templates } from './answers.ts';
import type { Bridge } from './bridge.ts';
import { CommandError, EXIT } from './exit.ts';
import { numberOf, paint } from './output.ts';

/**
 * Path of a template in the API. The organization may be left out where only one has a template of that name.
 * @throws CommandError `usage` for a name of no template, or of several
 */
export async function templatePath(bridge: Bridge, text: string): Promise<string> {
  const [organization, template, ...more] = text.split('/');
  if (organization && template && more.length === 0) return pathOf({ organization, template });
  const { items } = await bridge.ask(Templates, { path: 'templates' });
  const [first, ...others] = items.filter(item => item.template === text);
  if (first && others.length === 0) return pathOf(first);
  const known = items.map(item => `${item.organization}/${item.template}`).join(', ') || 'none';
  throw new CommandError(
    EXIT.usage,
    `Name the template as organization/template, not ${text}. The bridge knows: ${known}.`,
  );
}

function pathOf({ organization, template }: Pick<Template, 'organization' | 'template'>): string {
  return `templates/${encodeURIComponent(organization)}/${encodeURIComponent(template)}`;
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
    outdatedWorkspaces !== undefined && `outdated  ${numberOf(outdatedWorkspaces, 'workspace')}`,
  ];
  return lines.filter(Boolean).join('\n  ');
}
