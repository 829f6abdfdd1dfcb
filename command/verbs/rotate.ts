import type { Command } from 'commander';
import * as z from 'zod';
import { Registry } from '../answers.ts';
import type { Bridge } from '../bridge.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { paint, print } from '../output.ts';
import { inOwnWords } from '../own-words.ts';
import { poll } from '../poll.ts';
import { registryPath } from '../registry-path.ts';
import { type CommonOptions, runs, wholeNumber } from '../verb.ts';

interface Options extends CommonOptions {
  dryRun?: boolean;
  compromised?: boolean;
  wait: boolean;
  timeout: number;
}

const Plan = z.looseObject({
  steps: z.array(z.looseObject({ step: z.string(), on: z.string().optional(), slot: z.string().optional() })),
  interrupts: z.string().optional(),
  waits: z.string().optional(),
});
const Begun = z.looseObject({
  interrupts: z.string().optional(),
  waits: z.string().optional(),
  startsOn: z.string().optional(),
});

export function addRotate(program: Command): void {
  const verb = program
    .command('rotate')
    .description('renew the credential that Coder pulls with, and wait until Coder has the new one')
    .argument('<registry>', 'name of the registry at the bridge')
    .option('--dry-run', 'only show the steps')
    .option('--compromised', 'others may know the old one: revoke it as soon as Coder has the new one')
    .option('--no-wait', 'only start it')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 600);
  runs(verb, async (bridge, options: Options, registry: string) => {
    const path = registryPath(registry);
    return options.dryRun ? showPlan(bridge, path, options) : rotate(bridge, path, options);
  });
}

async function showPlan(bridge: Bridge, path: string, { json, compromised }: Options): Promise<ExitCode> {
  const plan = await bridge.ask(Plan, post(path, { dryRun: 'true', compromised }));
  const lines = plan.steps.map(({ step, on, slot }) =>
    [step, slot, on && `from ${on}`].filter(Boolean).join(', '),
  );
  print(json, plan, () => [...lines, plan.interrupts, plan.waits].filter(Boolean).join('\n'));
  return EXIT.well;
}

async function rotate(bridge: Bridge, path: string, options: Options): Promise<ExitCode> {
  const { json, compromised, wait, timeout } = options;
  const startedOn = new Date().toISOString();
  const begun = await bridge.ask(Begun, post(path, { compromised }));
  if (!wait || begun.startsOn) {
    const starts = begun.startsOn ? `It starts on ${begun.startsOn}.` : 'It has started.';
    print(json, begun, () => [starts, begun.waits, begun.interrupts].filter(Boolean).join('\n'));
    return EXIT.well;
  }
  if (begun.interrupts) console.error(begun.interrupts);
  const registry = await untilDelivered(bridge, path, startedOn, timeout);
  const { lastResult } = registry.rotation;
  print(json, registry, () => resultText(registry));
  return lastResult?.outcome === 'rotated' ? EXIT.well : EXIT.failed;
}

/** The registry once Coder has the new credential, or the run failed. The old one may still be in its grace period. */
function untilDelivered(bridge: Bridge, path: string, startedOn: string, timeoutSeconds: number) {
  return poll({
    read: () => bridge.ask(Registry, { path }),
    isOver({ rotation: { step, lastResult } }) {
      if (!lastResult || lastResult.on < startedOn) return false;
      return lastResult.outcome === 'failed' || !step || step === 'waiting-to-revoke';
    },
    describe: ({ rotation: { step } }) => step ?? 'starting',
    timeoutSeconds,
  });
}

function resultText({ name, rotation: { lastResult, revokeOn } }: Registry): string {
  if (!lastResult) return `${name} has no result of a rotation.`;
  const { outcome, reason, message, remedy } = lastResult;
  return [
    `${paint(outcome === 'rotated' ? 'green' : 'red', outcome)} ${name}: ${outcome === reason ? '' : `${reason}: `}${message}`,
    remedy && paint('bold', inOwnWords(remedy)),
    revokeOn && `The previous credential stays valid until ${revokeOn}.`,
  ]
    .filter(Boolean)
    .join('\n');
}

function post(path: string, { dryRun, compromised }: { dryRun?: string; compromised?: boolean | undefined }) {
  const query = { dryRun, compromised: compromised ? 'true' : undefined };
  return { method: 'POST', path: `${path}/rotate`, query } as const;
}
