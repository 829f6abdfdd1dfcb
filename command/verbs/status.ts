import type { Command } from 'commander';
import { Summary } from '../answers.ts';
import { EXIT } from '../exit.ts';
import { numberOf, print, tableOf } from '../output.ts';
import { inOwnWords } from '../own-words.ts';
import { NO_REGISTRY } from '../registry-path.ts';
import { runs } from '../verb.ts';

export function addStatus(program: Command): void {
  const verb = program
    .command('status')
    .description('how well registries and templates are; fails if one is red');
  runs(verb, async (bridge, { json }) => {
    const summary = await bridge.ask(Summary, { path: 'summary' });
    print(json, summary, () => statusText(summary));
    const isRed = [...summary.registries, ...summary.templates].some(({ light }) => light === 'red');
    return isRed ? EXIT.failed : EXIT.well;
  });
}

function statusText({ asOf, images, registries, templates }: Summary): string {
  if (registries.length === 0) return NO_REGISTRY;
  const head = ['', 'registry', 'images', 'last event', 'p50', 'p95'];
  const rows = registries.map(({ light, name, images: of, lastEventOn, latency: { p50Ms, p95Ms } }) => [
    ...[light, name, countsText(of.byState), lastEventOn ?? 'none', seconds(p50Ms), seconds(p95Ms)],
  ]);
  const templateRows = templates.map(({ light, organization, template }) => [
    light,
    `${organization}/${template}`,
  ]);
  const causes = [
    ...registries.map(({ name, causes: of }) => ({ name, of })),
    ...templates.map(({ template, causes: of }) => ({ name: template, of })),
  ].flatMap(({ name, of }) =>
    of.map(({ message, remedy = '' }) => `${name}: ${message} ${inOwnWords(remedy)}`.trim()),
  );
  return [
    tableOf([head, ...rows]),
    ...(templateRows.length > 0 ? ['', tableOf([['', 'template'], ...templateRows])] : []),
    ...(causes.length > 0 ? ['', ...causes] : []),
    '',
    `${numberOf(images.total, 'image')}: ${countsText(images.byState)}; counted on ${asOf}.`,
  ].join('\n');
}

function countsText(byState: Record<string, number>): string {
  return (
    Object.entries(byState)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ') || 'none'
  );
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}
