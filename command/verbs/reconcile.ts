import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { Report } from '../answers.ts';
import type { Bridge } from '../bridge.ts';
import { EXIT } from '../exit.ts';
import { paint, print, tableOf } from '../output.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, runs } from '../verb.ts';

interface Options extends CommonOptions {
  dryRun?: boolean;
  wait: boolean;
}

const PAUSE_MS = 1_000;

export function addReconcile(program: Command): void {
  const verb = program
    .command('reconcile')
    .description('compare a registry with Coder, fix what differs, and wait for the report')
    .argument('<registry>', 'name of the registry at the bridge')
    .option('--dry-run', 'only report what differs')
    .option('--no-wait', 'only start it');
  runs(verb, async (bridge, { json, dryRun, wait }: Options, registry: string) => {
    const path = `registries/${encodeURIComponent(registry)}`;
    const query = { dryRun: dryRun ? 'true' : undefined };
    const begun = await bridge.ask(Report, { method: 'POST', path: `${path}/reconcile`, query });
    const report = wait ? await untilEnded(bridge, path) : begun;
    print(json, report, () => reportText(report));
    return report.state === 'failed' ? EXIT.failed : EXIT.well;
  });
}

async function untilEnded(bridge: Bridge, path: string): Promise<Report> {
  const progress = createProgress(process.stderr);
  for (;;) {
    const report = await bridge.ask(Report, { path: `${path}/reconciliation` });
    if (report.state !== 'running') {
      progress.end();
      return report;
    }
    const { done, total, message, nextAttemptOn } = report;
    const pause = nextAttemptOn ? `; it goes on at ${nextAttemptOn}: ${message}` : '';
    progress.show(`${done} of ${total} tags${pause}`);
    await delay(PAUSE_MS);
  }
}

function reportText(report: Report): string {
  const { registry, state, dryRun, done, total, message, remedy, findings, findingsLeftOut, left } = report;
  const rows = findings.map(({ difference, repository, tag, state: after, reason }) => [
    ...[difference, `${repository}:${tag}`, [after, reason].filter(Boolean).join(': ')],
  ]);
  const leftAs = Object.entries(left).flatMap(([why, { count }]) => (count > 0 ? [`${count} ${why}`] : []));
  const color = state === 'failed' ? 'red' : 'green';
  return [
    `${paint(color, state)} ${registry}${dryRun ? ', dry run' : ''}: ${done} of ${total} tags compared.`,
    ...(rows.length > 0 ? [tableOf(rows)] : ['Nothing differs.']),
    ...(findingsLeftOut ? [`… and ${findingsLeftOut} more.`] : []),
    ...(leftAs.length > 0 ? [`Left as they are: ${leftAs.join(', ')}.`] : []),
    ...(message ? [message] : []),
    ...(remedy ? [paint('bold', remedy)] : []),
  ].join('\n');
}
