import type { Command } from 'commander';
import { type Image, Images } from '../answers.ts';
import type { Bridge } from '../bridge.ts';
import { EXIT } from '../exit.ts';
import { print, tableOf } from '../output.ts';
import { type CommonOptions, runs, wholeNumber } from '../verb.ts';

interface Options extends CommonOptions {
  repository?: string;
  state?: string;
  reason?: string;
  digest?: string;
  limit: number;
}

const LARGEST_PAGE = 1_000;

export function addImages(program: Command): void {
  const verb = program
    .command('images')
    .description('list image records, what changed last first')
    .argument('[registry]', 'name of the registry; all when absent')
    .option('--repository <repository>', 'of this repository')
    .option(
      '--state <states>',
      'imported, skipped, pending, failed or removed; several with commas between them',
    )
    .option('--reason <reason>', 'with this reason')
    .option('--digest <digest>', 'about this digest')
    .option('--limit <number>', 'show at most this many', wholeNumber, 50);
  runs(verb, async (bridge, { json, ...filter }: Options, registry: string | undefined) => {
    const images = await listImages(bridge, registry, filter);
    print(json, { items: images }, () => listText(images));
    return EXIT.well;
  });
}

async function listImages(
  bridge: Bridge,
  registry: string | undefined,
  { repository, state, reason, digest, limit }: Omit<Options, 'json'>,
): Promise<Image[]> {
  const found: Image[] = [];
  for (let continuationToken: string | undefined; found.length < limit; ) {
    const page = { limit: String(Math.min(limit - found.length, LARGEST_PAGE)), continuationToken };
    const query = { registry, repository, state, reason, digest, order: 'updatedOn', ...page };
    const answer = await bridge.ask(Images, { path: 'images', query });
    found.push(...answer.items);
    continuationToken = answer.continuationToken;
    if (continuationToken === undefined) break;
  }
  return found;
}

function listText(images: readonly Image[]): string {
  if (images.length === 0) return 'There is no such image record.';
  const rows = images.map(({ state, registry, repository, tag, reason, updatedOn }) => [
    ...[state, `${registry}/${repository}:${tag}`, reason, updatedOn],
  ]);
  return tableOf([['', 'image', 'reason', 'changed on'], ...rows]);
}
