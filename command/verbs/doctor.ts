import type { Command } from 'commander';
import { Diagnosis, type Finding, Registries } from '../answers.ts';
import type { Bridge } from '../bridge.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { paint } from '../output.ts';
import { inOwnWords } from '../own-words.ts';
import { NO_REGISTRY, registryPath } from '../registry-path.ts';
import { runs } from '../verb.ts';

export function addDoctor(program: Command): void {
  const verb = program
    .command('doctor')
    .description('check everything that images need to reach Coder')
    .argument('[registry...]', 'names of registries; all when absent');
  runs(verb, async (bridge, { json }, given: string[]) => {
    const names = given.length > 0 ? given : await listRegistries(bridge);
    if (json) return showJson(bridge, names);
    if (names.length === 0) console.log(NO_REGISTRY);
    let exitCode: ExitCode = EXIT.well;
    for (const [i, name] of names.entries()) {
      if (i > 0) console.log();
      if (!(await show(bridge, name))) exitCode = EXIT.failed;
    }
    return exitCode;
  });
}

async function listRegistries(bridge: Bridge): Promise<string[]> {
  const { items } = await bridge.ask(Registries, { path: 'registries', query: { limit: '1000' } });
  return items.map(({ name }) => name);
}

function diagnose(bridge: Bridge, name: string) {
  return bridge.ask(Diagnosis, { path: `${registryPath(name)}/diagnostics` });
}

async function showJson(bridge: Bridge, names: readonly string[]): Promise<ExitCode> {
  const items = [];
  for (const name of names) items.push(await diagnose(bridge, name));
  console.log(JSON.stringify({ items }, null, 2));
  return items.some(({ findings }) => findings.some(isWrong)) ? EXIT.failed : EXIT.well;
}

/** False when something is wrong. */
async function show(bridge: Bridge, name: string): Promise<boolean> {
  console.log(`${paint('bold', name)} at ${bridge.url}; this takes some seconds …`);
  const { findings } = await diagnose(bridge, name);
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const finding of findings) console.log(line(finding, width));

  const wrong = findings.filter(isWrong);
  const skipped = findings.filter(({ ok }) => ok === null).length;
  const notChecked = skipped > 0 ? `, ${skipped} not checked` : '';
  console.log(
    wrong.length === 0
      ? paint('green', `\nNothing is wrong${notChecked}.`)
      : paint('red', `\n${wrong.length} wrong${notChecked}.`),
  );
  return wrong.length === 0;
}

function isWrong({ ok }: Finding): boolean {
  return ok === false;
}

function line({ check, ok, reason, message, remedy }: Finding, width: number): string {
  const name = check.padEnd(width);
  const indented = (text: string) => text.replaceAll('\n', `\n${' '.repeat(width + 6)}`);
  if (ok) return `  ${paint('green', '✓')} ${name}  ${indented(message)}`;
  if (ok === null) return paint('gray', `  – ${name}  ${indented(message)}`);
  const what = `  ${paint('red', '✗')} ${name}  ${paint('red', reason)}: ${message}`;
  return indented(`${what}\n${paint('bold', inOwnWords(remedy ?? ''))}`);
}
