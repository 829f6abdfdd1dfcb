import type { Command } from 'commander';
import * as z from 'zod';
import { Image } from '../answers.ts';
import { EXIT } from '../exit.ts';
import { readImage } from '../image-argument.ts';
import { exitCodeOf, imageText } from '../image-text.ts';
import { numberOf, print } from '../output.ts';
import { type CommonOptions, runs } from '../verb.ts';

const Replayed = z.looseObject({ replayed: z.number(), complete: z.boolean() });

export function addReplay(program: Command): void {
  const verb = program
    .command('replay')
    .description('try a failed or pending image again, or all of a registry')
    .argument('<registry>', 'name of the registry at the bridge')
    .argument('[image]', 'repository:tag; all failed and pending ones when absent')
    .option('--reason <reason>', 'of all, only those with this reason');
  runs(
    verb,
    async (
      bridge,
      { json, reason }: CommonOptions & { reason?: string },
      registry: string,
      text?: string,
    ) => {
      const body = {
        registry,
        ...(text && (await readImage(bridge, registry, text))),
        ...(reason && { reason }),
      };
      const question = { method: 'POST', path: 'images/replay', body } as const;
      const answer = await bridge.ask(z.union([Replayed, Image]), question);
      const image = Image.safeParse(answer).data;
      print(json, answer, () => (image ? imageText(image) : replayedText(Replayed.parse(answer))));
      return image && image.state !== 'pending' ? exitCodeOf(image) : EXIT.well;
    },
  );
}

function replayedText({ replayed, complete }: z.infer<typeof Replayed>): string {
  const more = complete ? '' : ' There are more: run this again.';
  if (replayed === 0 && complete) return 'There is no such image to try again.';
  return `${numberOf(replayed, 'image')} ${replayed === 1 ? 'is' : 'are'} tried again within a minute.${more}`;
}
