import type { Command } from 'commander';
import { Template } from '../answers.ts';
import { EXIT } from '../exit.ts';
import { print } from '../output.ts';
import { templatePath, templateText } from '../template-text.ts';
import { runs } from '../verb.ts';

export function addPromote(program: Command): void {
  const verb = program
    .command('promote')
    .description('make the version of a template active that is built and waits for a person')
    .argument('<template>', 'organization/template, or only its name');
  runs(verb, async (bridge, { json }, name: string) => {
    const template = await bridge.ask(Template, {
      method: 'POST',
      path: `${await templatePath(bridge, name)}/promote`,
    });
    print(json, template, () => templateText(template));
    return EXIT.well;
  });
}
