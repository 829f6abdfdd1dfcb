import type { Command } from 'commander';
import { Report } from '../answers.ts';
import type { Bridge } from '../bridge.ts';
import { EXIT } from '../exit.ts';
import { paint, print, tableOf } from '../output.ts';
import { inOwnWords } from '../own-words.ts';
import { poll } from '../poll.ts';
import { registryPath } from '../registry-path.ts';
import { type CommonOptions, runs, wholeNumber } from '../verb.ts';

interface Options extends CommonOptions {
  dryRun?: boolean;
  wait: boolean;
  timeout: number;
}

export function addReconcile(program: Command): void {
  const verb = program
    .command('reconcile')
    .description('compare a registry with Coder, fix what differs, and wait for the report')
    .argument('<registry>', 'name of the registry at the bridge')
    .option('--dry-run', 'only report what differs')
    .option('--no-wait', 'only start it')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 1_800);
  runs(verb, async (bridge, { json, dryRun, wait, timeout }: Options, registry: string) => {
    const path = registryPath(registry);
    const query = { dryRun: dryRun ? 'true' : undefined };
    const begun = await bridge.ask(Report, { method: 'POST', path: `${path}/reconcile`, query });
    const report = wait ? await untilEnded(bridge, path, timeout) : begun;
    const hasBegun = !wait && report.state === 'running';
    print(json, report, () =>
      hasBegun ? `The reconciliation of ${registry} has started.` : reportText(report),
    );
    return report.state === 'failed' ? EXIT.failed : EXIT.well;
  });
}

function untilEnded(bridge: Bridge, path: string, timeoutSeconds: number): Promise<Report> {
  return poll({
    read: () => bridge.ask(Report, { path: `${path}/reconciliation` }),
    isOver: ({ state }) => state !== 'running',
    describe({ done, total, message, nextAttemptOn }) {
      const pause = nextAttemptOn ? `; it goes on at ${nextAttemptOn}: ${message}` : '';
      return `${done} of ${total} tags${pause}`;
    },
    timeoutSeconds,
  });
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
    ...(remedy ? [paint('bold', inOwnWords(remedy))] : []),
  ].join('\n');
}
