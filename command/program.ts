import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { CommandError, EXIT, EXIT_MEANING } from './exit.ts';
import { addCompletion } from './verbs/completion.ts';
import { addDoctor } from './verbs/doctor.ts';
import { addExplain } from './verbs/explain.ts';
import { addImages } from './verbs/images.ts';
import { addPromote } from './verbs/promote.ts';
import { addReconcile } from './verbs/reconcile.ts';
import { addReplay } from './verbs/replay.ts';
import { addRollback } from './verbs/rollback.ts';
import { addRotate } from './verbs/rotate.ts';
import { addStatus } from './verbs/status.ts';
import { addTemplates } from './verbs/templates.ts';
import { addWait } from './verbs/wait.ts';

/** In the order of the help. */
const VERBS = [
  ...[addStatus, addImages, addWait, addExplain, addReplay, addReconcile, addRotate],
  ...[addTemplates, addRollback, addPromote, addDoctor, addCompletion],
];

const HELP_AFTER = `
Exit codes:
${Object.entries(EXIT_MEANING)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}

Without --url it asks the bridge that npm start runs in this folder.`;

/** The command, with every verb. */
export function createProgram(): Command {
  const program = new Command('coder-acr-bridge')
    .description('Asks a Coder ACR Bridge, over its HTTP API.')
    .version(manifest.version)
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', HELP_AFTER)
    .exitOverride();
  for (const add of VERBS) add(program);
  return program;
}

/** Runs the command, and sets the exit code of the process. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.well : EXIT.usage;
    else if (error instanceof CommandError) {
      console.error(error.message);
      process.exitCode = error.exitCode;
    } else throw error;
  }
}
