import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listChecks } from '../shared/diagnostics/checks.ts';
import { ROLES } from '../shared/http/roles.ts';
import { REASONS } from '../shared/reasons.ts';
import { DIFFERENCES } from '../shared/reconciliation/differences.ts';
import { createServices } from '../shared/services.ts';
import { readSettings, SETTING_NAMES } from '../shared/settings.ts';
import { HTTP_FUNCTIONS } from './support/http-functions.ts';

const required = { TABLES_URL: 'https://a', KEY_VAULT_URL: 'https://b', CODER_URL: 'https://c' };
const root = join(import.meta.dirname, '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** What stands between two marks of the README. */
function section(name: string): string {
  const [, text = ''] = readme.split(new RegExp(`<!-- /?${name} -->\n`));
  return text;
}

test('the README lists every reason with the meaning and remedy that the API shows', () => {
  const rows = Object.entries(REASONS).map(([reason, entry]) => {
    const remedy = 'remedy' in entry ? entry.remedy : '';
    return `| \`${reason}\` | ${entry.state} | ${entry.meaning} | ${remedy} |`;
  });

  expect(section('reasons').trim().split('\n')).toEqual([
    '| reason | state | meaning | what to do |',
    '|---|---|---|---|',
    ...rows,
  ]);
});

test('the README lists every difference that a reconciliation finds', () => {
  const rows = Object.entries(DIFFERENCES).map(([kind, meaning]) => `| \`${kind}\` | ${meaning} |`);

  expect(section('differences').trim().split('\n').slice(2)).toEqual(rows);
});

test('the README lists every check of a diagnosis', () => {
  const services = createServices(readSettings(required), { now: () => new Date(), random: Math.random });
  const rows = listChecks(services).map(({ name, truth }) => `| \`${name}\` | ${truth} |`);

  expect(section('checks').trim().split('\n').slice(2)).toEqual(rows);
});

test('the README lists every app role', () => {
  const rows = Object.entries(ROLES).map(([role, meaning]) => `| \`${role}\` | ${meaning} |`);

  expect(section('roles').trim().split('\n').slice(2)).toEqual(rows);
});

test('the README lists every setting, each with its default', () => {
  const defaults: Record<string, unknown> = readSettings(required);
  const rows = [...section('settings').matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name, value]) => [
    name,
    value,
  ]);

  expect(rows).toEqual(
    SETTING_NAMES.map(name => {
      if (name in required) return [name, 'required'];
      const value = String(defaults[name] ?? '');
      return [name, value === '' ? '–' : `\`${value}\``];
    }),
  );
});

test('the example of local settings has only settings that exist, and all that are required', async () => {
  const { Values } = JSON.parse(await readFile(join(root, 'local.settings.example.json'), 'utf8'));
  const platform = /^(AzureWebJobsStorage|FUNCTIONS_)/;

  expect(Object.keys(Values).filter(name => !platform.test(name) && !SETTING_NAMES.includes(name))).toEqual(
    [],
  );
  expect(() => readSettings(Values)).not.toThrow();
});

test('the README names every call that there is, and no other', () => {
  const calls = [...HTTP_FUNCTIONS.values()].map(({ method, route }) => `${method} /${route}`);
  const named = [...readme.matchAll(/^\| `([A-Z]+ \/(?!_stand-in)[^`?]+)(\?[^`]*)?` \|/gm)].map(
    ([, call = '']) => call.replace('{repository}:{tag}', '{*reference}'),
  );

  expect(named.sort()).toEqual(calls.sort());
});
