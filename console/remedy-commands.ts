import { callCommand } from './parts/call-command.ts';
import { whereIs } from './reasons.ts';
import type { Image, Template } from './types.ts';

/** The commands of a remedy that a person copies, with the names of this image filled in. */
export function remedyCommands(image: Image, template: Template | undefined): string[] {
  const { registry, repository, tag, remedy = '' } = image;
  const fill = (command: string) =>
    command
      .replaceAll('REGISTRY', registry)
      .replaceAll('REPOSITORY:TAG', `${repository}:${tag}`)
      .replaceAll('REPOSITORY', repository);
  const run = /\bRun: (.+?)(?:\n|$)/.exec(remedy)?.[1];
  const quoted = [...remedy.matchAll(/`((?:az|coder|docker|npm|kubectl) [^`]+)`/g)].map(
    ([, text = '']) => text,
  );
  const given = [...(run ? [run] : []), ...quoted].map(fill);
  return given.length > 0 ? given : ownCommands(image, template);
}

/** The call of the bridge that helps. */
function ownCommands(
  { registry, repository, tag, reason, state }: Image,
  template: Template | undefined,
): string[] {
  const [, ...help] = whereIs(reason);
  if (help[0] === 'promote' && template) {
    return [callCommand('POST', `templates/${template.organization}/${template.template}/promote`)];
  }
  if (help[0] === 'replay' && state !== 'imported') {
    return [callCommand('POST', 'images/replay', { registry, repository, tag })];
  }
  if (help.includes('reconcile')) return [callCommand('POST', `registries/${registry}/reconcile`)];
  return help[0] === 'import' ? [callCommand('POST', 'images', { registry, repository, tag })] : [];
}
