import type { Command } from 'commander';
import { Template } from '../answers.ts';
import { EXIT } from '../exit.ts';
import { print } from '../output.ts';
import { templatePath, templateText } from '../template-text.ts';
import { type CommonOptions, runs } from '../verb.ts';

export function addRollback(program: Command): void {
  const verb = program
    .command('rollback')
    .description('make the version of a template active that was so before, and hold what was active')
    .argument('<template>', 'organization/template, or only its name')
    .option('--to <version>', 'name or id of another version that was active once');
  runs(verb, async (bridge, { json, to }: CommonOptions & { to?: string }, name: string) => {
    const question = {
      method: 'POST',
      path: `${await templatePath(bridge, name)}/rollback`,
      query: { to },
    } as const;
    const template = await bridge.ask(Template, question);
    print(json, template, () => templateText(template));
    return EXIT.well;
  });
}
