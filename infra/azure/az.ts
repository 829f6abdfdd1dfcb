import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** On Windows the Azure CLI is a batch file, which only a shell can start. */
const IN_SHELL = process.platform === 'win32';
const LARGEST_OUTPUT = 16 * 1024 * 1024;

/** The Azure CLI failed; the message is its output. */
export class AzError extends Error {
  override readonly name = 'AzError';

  /** Whether the resource does not exist. */
  get isNotFound(): boolean {
    return /NotFound|could not be found|does not exist/i.test(this.message);
  }

  /** Whether trying again cannot help. */
  get isFinal(): boolean {
    return /not installed|az login|AuthorizationFailed|InvalidTemplate|\bBCP\d+/.test(this.message);
  }
}

/**
 * Runs the Azure CLI with its current login, and returns its output.
 * @throws AzError
 */
export async function az(...args: string[]): Promise<string> {
  try {
    const given = IN_SHELL ? args.map(arg => `"${arg}"`) : args;
    const { stdout } = await run('az', given, { shell: IN_SHELL, maxBuffer: LARGEST_OUTPUT });
    return stdout.trim();
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') throw new AzError('The Azure CLI (az) is not installed, or not on the PATH.');
    throw new AzError(stderr?.trim() || message);
  }
}
