import { redact } from '../../lib/redaction/redact.ts';
import { statusOf } from './status-of.ts';
import type { WorkspaceCalls } from './workspace-calls.ts';

/** Agents that are quoted, and lines of each. */
const QUOTED_AGENTS = 3;
const QUOTED_LINES = 10;
const LONGEST_WORDS = 700;

/**
 * What the agents of a workspace printed last, without secrets. An agent that never connected has said nothing.
 * @throws ServiceError
 */
export async function lastWords(
  coder: Pick<WorkspaceCalls, 'listAgentLogs'>,
  agents: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const logs = await Promise.all(
    agents.slice(0, QUOTED_AGENTS).map(id =>
      coder.listAgentLogs(id, signal).catch((error: unknown) => {
        // Words are no reason to hold up the verdict.
        if ([403, 404].includes(statusOf(error) ?? 0)) return [];
        throw error;
      }),
    ),
  );
  return endOf(logs.flatMap(log => lastLines(log.map(({ output }) => output).join('\n'))).join(' '));
}

/** The whole is redacted first, since a secret can go over several lines. */
function lastLines(printed: string): string[] {
  const lines = redact(withoutColours(printed)).split(/\r?\n|\r/);
  return lines
    .map(line => line.trim())
    .filter(line => line !== '')
    .slice(-QUOTED_LINES);
}

/** Why a script failed stands at its end. */
function endOf(words: string): string {
  if (words.length <= LONGEST_WORDS) return words;
  // Not the second half of a character that takes two.
  return `…${words.slice(1 - LONGEST_WORDS).replace(/^[\uDC00-\uDFFF]/, '')}`;
}

/** ECMA-48, 5.4: control sequences of a terminal. */
const CONTROL_SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-?]*[ -/]*[@-~]`, 'g');

function withoutColours(printed: string): string {
  return printed.replaceAll(CONTROL_SEQUENCE, '');
}
