import { type AdvicePart, splitAdvice } from './advice.ts';
import { callCommand } from './parts/call-command.ts';
import { whereIs } from './reasons.ts';
import type { Image, TemplateName } from './types.ts';

/** What to do about an image: its remedy with the names filled in, and a command in any case. */
export function remedyParts(image: Image, template: TemplateName | undefined): AdvicePart[] {
  const { registry, repository, tag, remedy = '' } = image;
  const parts = splitAdvice(remedy).map(({ kind, text }) => ({
    kind,
    text:
      kind === 'words'
        ? text.replace(
            '{organization}/{template}',
            template ? `${template.organization}/${template.template}` : '$&',
          )
        : text
            .replaceAll('REGISTRY', registry)
            .replaceAll('REPOSITORY:TAG', `${repository}:${tag}`)
            .replaceAll('REPOSITORY', repository),
  }));
  return [...parts, ...ownCommands(image, template).map((text): AdvicePart => ({ kind: 'command', text }))];
}

/** The call of the bridge that helps, as the first button makes it. */
function ownCommands(
  { registry, repository, tag, reason, state }: Image,
  template: TemplateName | undefined,
) {
  const [, first] = whereIs(reason);
  if (first === 'promote' && template) {
    return [callCommand('POST', `templates/${template.organization}/${template.template}/promote`)];
  }
  const one = { registry, repository, tag };
  if (first === 'replay' && state !== 'imported') return [callCommand('POST', 'images/replay', one)];
  return first === 'import' ? [callCommand('POST', 'images', one)] : [];
}
