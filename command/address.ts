import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { CommandError, EXIT } from './exit.ts';

/** Where the bridge is, and what it accepts from the caller. */
export interface Address {
  /** Without `/api`. */
  url: string;
  headers: Record<string, string>;
}

export interface GivenAddress {
  url?: string;
  key?: string;
  token?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The bridge that the options name, else the environment, else the one of `npm start` in this folder. */
export async function findAddress(given: GivenAddress, environment: Environment): Promise<Address> {
  const url = given.url ?? environment.BRIDGE_URL;
  const key = given.key ?? environment.BRIDGE_KEY;
  const token = given.token ?? environment.BRIDGE_TOKEN;
  const headers = {
    ...(key && { 'x-functions-key': key }),
    ...(token && { authorization: `Bearer ${token}` }),
  };
  if (url) return { url: url.replace(/\/+$/, '').replace(/\/api$/, ''), headers };
  const local = await findLocal(environment);
  return key || token ? { ...local, headers } : local;
}

/** `npm start` writes its variables to this file; a shell may have sourced those of another one. */
async function findLocal(environment: Environment): Promise<Address> {
  const file = join(import.meta.dirname, '..', '.local', 'env');
  const text = await readFile(file, 'utf8').catch(() => '');
  const { FUNCTIONS, FUNCTION_KEY } = { ...parseEnv(text), ...environment };
  if (FUNCTIONS && FUNCTION_KEY) return { url: FUNCTIONS, headers: { 'x-functions-key': FUNCTION_KEY } };
  const message =
    'No bridge runs on this machine. Start one with npm start, or name one with --url and --key (or BRIDGE_URL and BRIDGE_KEY).';
  throw new CommandError(EXIT.unreachable, message);
}
