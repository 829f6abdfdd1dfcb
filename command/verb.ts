import { type Command, InvalidArgumentError } from 'commander';
import { findAddress, type GivenAddress } from './address.ts';
import { type Bridge, createBridge } from './bridge.ts';
import type { ExitCode } from './exit.ts';

/** The options of every verb. */
export interface CommonOptions extends GivenAddress {
  json?: boolean;
}

/** What a verb does. It prints the result, and gives the exit code. */
export type Run<A extends unknown[], O> = (bridge: Bridge, options: O, ...args: A) => Promise<ExitCode>;

/** Adds the options that every verb takes. */
function addCommon(verb: Command): Command {
  return verb
    .option('--url <url>', 'address of the bridge, such as https://NAME.azurewebsites.net (or BRIDGE_URL)')
    .option('--key <key>', 'function key, such as the host key (or BRIDGE_KEY)')
    .option('--token <token>', 'Entra token, if the bridge uses Entra sign-in (or BRIDGE_TOKEN)')
    .option('--json', 'print what the bridge answers');
}

/** Lets a verb, whose arguments and options are declared, do its work with the bridge that is called. */
export function runs<A extends unknown[], O extends CommonOptions>(verb: Command, run: Run<A, O>): void {
  addCommon(verb).action(async (...given: unknown[]) => {
    const args = given.slice(0, -2) as A;
    const options = given.at(-2) as O;
    const bridge = createBridge(await findAddress(options, process.env));
    process.exitCode = await run(bridge, options, ...args);
  });
}

/** A number of an option, which the error names. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is no whole number.');
}
