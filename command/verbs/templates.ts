import type { Command } from 'commander';
import { Template, Templates } from '../answers.ts';
import { EXIT } from '../exit.ts';
import { print } from '../output.ts';
import { templatePath, templateText } from '../template-text.ts';
import { runs } from '../verb.ts';

export function addTemplates(program: Command): void {
  const verb = program
    .command('templates')
    .description('what the templates of Coder v2 name, and what they are to name')
    .argument('[template]', 'organization/template, or only its name; all when absent');
  runs(verb, async (bridge, { json }, name: string | undefined) => {
    const answer = name
      ? await bridge.ask(Template, { path: await templatePath(bridge, name) })
      : await bridge.ask(Templates, { path: 'templates' });
    const templates = 'items' in answer ? (answer as Templates).items : [answer as Template];
    const none = 'No rule of a registry names a template.';
    print(json, answer, () => templates.map(templateText).join('\n') || none);
    return EXIT.well;
  });
}
