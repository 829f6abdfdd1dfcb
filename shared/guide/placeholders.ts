import { quote } from '../azure/az-commands.ts';
import text from './placeholders.md';
import { Placeholder, type Step } from './schema.ts';
import { rowsOf } from './template.ts';

/**
 * Every placeholder of the guides.
 * @param clientId client id of the bridge's user-assigned identity, if it has one
 * @param tokenOptions of the command that makes the bridge's session token
 */
export function allPlaceholders(
  clientId: string | undefined,
  tokenOptions: readonly string[],
): Placeholder[] {
  return rowsOf(text.slice(text.indexOf('|'))).map(cells => {
    const [name, meaning, inTable, likely, setBy] = cells.map(cell => cell.replace(/^`(.*)`$/, '$1'));
    const byClientId = name === 'BRIDGE_PRINCIPAL_ID' && clientId;
    const asInTable = name === 'CODER_TOKEN' ? [inTable, ...tokenOptions].join(' ') : inTable;
    const find = byClientId ? `az ad sp show --id ${quote(clientId)} --query id --output tsv` : asInTable;
    return Placeholder.parse({ name, meaning, find, ...(likely && { default: likely }), setBy });
  });
}

/** The placeholders that the steps use. */
export function usedPlaceholders(all: readonly Placeholder[], steps: readonly Step[]): Placeholder[] {
  const text = steps
    .flatMap(({ values, commands }) => [values, ...commands.map(({ run }) => run)])
    .join('\n');
  return all.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text));
}
