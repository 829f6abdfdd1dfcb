import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Notes each call with the parameters file that it names, and answers with the first rule that its arguments match; a
 * rule that fails has an `error`, and one with `times` ends after that number of calls.
 */
const PROGRAM = `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const args = process.argv.slice(2);
const file = args.find(arg => arg.startsWith('@'));
const parameters = file && JSON.parse(readFileSync(file.slice(1), 'utf8')).parameters;
appendFileSync(join(__dirname, 'calls'), JSON.stringify({ args, parameters }) + '\\n');
const rules = JSON.parse(readFileSync(join(__dirname, 'rules'), 'utf8'));
const rule = rules.find(({ match, times }) => new RegExp(match).test(args.join(' ')) && times !== 0);
if (rule?.times) rule.times -= 1;
writeFileSync(join(__dirname, 'rules'), JSON.stringify(rules));
if (rule?.error) { console.error(rule.error); process.exit(1); }
console.log(rule?.output ?? '');
`;

/** How some calls are answered; every other one succeeds and says nothing. */
export interface Rule {
  /** A regular expression over the arguments. */
  match: string;
  output?: string;
  error?: string;
  times?: number;
}

/** What a call was given, and the content of the parameters file that it named. */
export interface AzCall {
  args: string[];
  parameters?: Record<string, { value: unknown }>;
}

/** A program that is found in place of the Azure CLI. */
export interface FakeAz {
  answer(...rules: Rule[]): Promise<void>;
  calls(): Promise<AzCall[]>;
  /** The arguments of each call. */
  commands(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function fakeAz(): Promise<FakeAz> {
  const folder = await mkdtemp(join(tmpdir(), 'az-'));
  const path = process.env.PATH;
  await writeFile(join(folder, 'az'), PROGRAM);
  await chmod(join(folder, 'az'), 0o755);
  await writeFile(join(folder, 'calls'), '');
  process.env.PATH = `${folder}${delimiter}${path}`;

  const answer: FakeAz['answer'] = (...rules) => writeFile(join(folder, 'rules'), JSON.stringify(rules));
  const calls: FakeAz['calls'] = async () => {
    const lines = (await readFile(join(folder, 'calls'), 'utf8')).split('\n');
    return lines.filter(line => line !== '').map(line => JSON.parse(line));
  };
  await answer();
  return {
    answer,
    calls,
    commands: async () => (await calls()).map(({ args }) => args.join(' ')),
    async remove() {
      process.env.PATH = path;
      await rm(folder, { recursive: true });
    },
  };
}

/** What main.bicep gives, with these registries. */
export function outputsWith(url: string, ...registries: object[]) {
  const functionAppId = '/subscriptions/s-1/resourceGroups/rg-test/providers/Microsoft.Web/sites/func-1';
  return {
    AZURE_RESOURCE_GROUP: 'rg-test',
    BRIDGE_APP_NAME: 'func-1',
    BRIDGE_URL: url,
    BRIDGE_VAULT_NAME: 'kv-1',
    BRIDGE_CONNECTION: {
      ...{ registries, bridgePrincipalId: 'bridge-1', coderPrincipalId: '', functionAppId },
      ...{ eventsTopicId: '', location: 'westeurope', deadLetterContainer: 'dead-letters' },
    },
  };
}
