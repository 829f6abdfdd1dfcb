import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, parseEnv, styleText } from 'node:util';
import * as z from 'zod';

// The program behind `npm run doctor`: asks the bridge for its checks and prints them.

const USAGE = `npm run doctor -- [registry…]

Checks everything that images need to reach Coder, for the named registries or for all.

  --url URL     address of the bridge, such as https://NAME.azurewebsites.net   (or BRIDGE_URL)
  --key KEY     function key, such as the host key                             (or BRIDGE_KEY)
  --token TOKEN Entra token, if the bridge uses Entra sign-in                  (or BRIDGE_TOKEN)

Without these options it asks the bridge that npm start runs on this machine.`;

const Diagnosis = z.object({
  registry: z.string(),
  findings: z.array(
    z.object({
      check: z.string(),
      ok: z.boolean().nullable(),
      reason: z.string(),
      message: z.string(),
      remedy: z.string().optional(),
    }),
  ),
});
type Finding = z.infer<typeof Diagnosis>['findings'][number];
const Registries = z.object({ items: z.array(z.object({ name: z.string() })) });
const Problem = z.object({ detail: z.string() });

interface Bridge {
  url: string;
  headers: Record<string, string>;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      token: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(USAGE);

  const bridge = await findBridge(values);
  const names = positionals.length > 0 ? positionals : await listRegistries(bridge);
  if (names.length === 0) {
    return console.log('The bridge has no registry yet. Add one with PUT /api/registries/{name}.');
  }
  for (const name of names) await show(bridge, name);
}

/** The bridge from the command line, else from the environment, else the one of `npm start`. */
async function findBridge(given: { url?: string; key?: string; token?: string }): Promise<Bridge> {
  const { BRIDGE_URL, BRIDGE_KEY, BRIDGE_TOKEN } = process.env;
  const url = given.url ?? BRIDGE_URL;
  if (!url) {
    const { FUNCTIONS, FUNCTION_KEY } = await readLocal();
    return { url: FUNCTIONS, headers: { 'x-functions-key': FUNCTION_KEY } };
  }
  const key = given.key ?? BRIDGE_KEY;
  const token = given.token ?? BRIDGE_TOKEN;
  return {
    url: url.replace(/\/+$/, '').replace(/\/api$/, ''),
    headers: { ...(key && { 'x-functions-key': key }), ...(token && { authorization: `Bearer ${token}` }) },
  };
}

async function readLocal(): Promise<{ FUNCTIONS: string; FUNCTION_KEY: string }> {
  const file = join(import.meta.dirname, '..', '.local', 'env');
  const text = await readFile(file, 'utf8').catch(() => '');
  const { FUNCTIONS, FUNCTION_KEY } = { ...parseEnv(text), ...process.env };
  if (FUNCTIONS && FUNCTION_KEY) return { FUNCTIONS, FUNCTION_KEY };
  throw new Error(`No bridge runs on this machine. Start one with npm start, or name one.\n\n${USAGE}`);
}

async function listRegistries(bridge: Bridge): Promise<string[]> {
  const { items } = Registries.parse(await ask(bridge, 'registries?limit=1000'));
  return items.map(({ name }) => name);
}

async function show(bridge: Bridge, name: string): Promise<void> {
  console.log(`\n${paint('bold', name)} at ${bridge.url}; this takes some seconds …`);
  const answer = await ask(bridge, `registries/${encodeURIComponent(name)}/diagnostics`);
  const { findings } = Diagnosis.parse(answer);
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const finding of findings) console.log(line(finding, width));

  const wrong = findings.filter(({ ok }) => ok === false);
  if (wrong.length > 0) process.exitCode = 1;
  const skipped = findings.filter(({ ok }) => ok === null).length;
  const notChecked = skipped > 0 ? `, ${skipped} not checked` : '';
  console.log(
    wrong.length === 0
      ? paint('green', `\nNothing is wrong${notChecked}.`)
      : paint('red', `\n${wrong.length} wrong${notChecked}.`),
  );
}

function line({ check, ok, reason, message, remedy }: Finding, width: number): string {
  const name = check.padEnd(width);
  const indented = (text: string) => text.replaceAll('\n', `\n${' '.repeat(width + 6)}`);
  if (ok) return `  ${paint('green', '✓')} ${name}  ${indented(message)}`;
  if (ok === null) return paint('gray', `  – ${name}  ${indented(message)}`);
  const what = `  ${paint('red', '✗')} ${name}  ${paint('red', reason)}: ${message}`;
  return indented(`${what}\n${paint('bold', remedy ?? '')}`);
}

/** @throws Error with the reason when the bridge gives no usable answer */
async function ask({ url, headers }: Bridge, path: string): Promise<unknown> {
  const response = await fetch(`${url}/api/${path}`, { headers, signal: AbortSignal.timeout(90_000) }).catch(
    (error: unknown) => {
      const { cause } = error as Error;
      throw new Error(`${url} does not answer: ${cause instanceof Error ? cause.message : error}`);
    },
  );
  if (response.status === 401) {
    const given = 'x-functions-key' in headers || 'authorization' in headers;
    const what = given ? 'refuses this key or token' : 'needs a key';
    throw new Error(`${url} ${what}: use --key, or --token if the bridge uses Entra sign-in.`);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  const problem = Problem.safeParse(body);
  const detail = problem.success
    ? problem.data.detail
    : `it answers ${response.status}. Is this the address of a bridge?`;
  throw new Error(`${url}: ${detail}`);
}

function paint(format: 'bold' | 'green' | 'red' | 'gray', text: string): string {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const isWanted = FORCE_COLOR || (process.stdout.isTTY && !NO_COLOR);
  return isWanted ? styleText(format, text, { validateStream: false }) : text;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 2;
});
