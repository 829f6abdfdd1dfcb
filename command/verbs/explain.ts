import type { Command } from 'commander';
import type * as z from 'zod';
import { Explained } from '../answers.ts';
import { EXIT } from '../exit.ts';
import { readImage } from '../image-argument.ts';
import { paint, print } from '../output.ts';
import { inOwnWords } from '../own-words.ts';
import { runs } from '../verb.ts';

export function addExplain(program: Command): void {
  const verb = program
    .command('explain')
    .description('what an import of this image would do, and why; changes nothing')
    .argument('<registry>', 'name of the registry at the bridge')
    .argument('<image>', 'repository:tag');
  runs(verb, async (bridge, { json }, registry: string, text: string) => {
    const body = { registry, ...(await readImage(bridge, registry, text)) };
    const question = { method: 'POST', path: 'images', query: { dryRun: 'true' }, body } as const;
    const explained = await bridge.ask(Explained, question);
    print(json, explained, () => explainedText(explained));
    return (explained.wouldAnswer ?? 200) < 400 ? EXIT.well : EXIT.failed;
  });
}

function explainedText(explained: z.infer<typeof Explained>): string {
  const { policy, found, wasAsked, calls, image, reason, message } = explained;
  const rule =
    policy.rule === undefined ? 'no rule decides' : `rule ${policy.rule + 1} of the policy decides`;
  return [
    `Policy    ${policy.action}: ${rule}`,
    `Registry  ${found ? `${found.kind} ${found.digest}` : wasAsked ? 'no such tag' : 'not read'}`,
    ...(calls.length > 0 ? calls : [{ method: 'nothing would change', path: '' }]).map(
      ({ method, path }, i) => `${i === 0 ? 'Coder   ' : '        '}  ${method} ${path}`.trimEnd(),
    ),
    ...(reason ? [`Outcome   ${image?.state ?? 'no record'}: ${reason}: ${message}`] : []),
    ...(image?.remedy ? [paint('bold', inOwnWords(image.remedy))] : []),
  ].join('\n');
}
