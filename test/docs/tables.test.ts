import { expect, test } from 'vitest';
import { ROLES } from '../../shared/api/roles.ts';
import { type BridgeEvents, TYPE_PREFIX } from '../../shared/azure/event-grid.ts';
import { listChecks } from '../../shared/diagnostics/checks.ts';
import { REASONS } from '../../shared/reasons.ts';
import { DIFFERENCES } from '../../shared/reconciliation/differences.ts';
import { LEFT } from '../../shared/reconciliation/left.ts';
import { createServices } from '../../shared/services.ts';
import { readSettings, SETTING_NAMES } from '../../shared/settings.ts';
import { expectMarked, marked, readText, rowsOf, tableOf } from '../support/docs.ts';
import { HTTP_FUNCTIONS } from '../support/http-functions.ts';

const required = { TABLES_URL: 'https://a', KEY_VAULT_URL: 'https://b', CODER_URL: 'https://c' };

test('the docs list every reason with the meaning and the remedy that the API shows', () => {
  const rows = Object.entries(REASONS).map(([reason, entry]) => {
    const remedy = 'remedy' in entry ? entry.remedy : '';
    return [`\`${reason}\``, entry.state, entry.meaning, remedy];
  });

  const table = tableOf(['reason', 'state', 'meaning', 'what to do'], rows);
  expectMarked('docs/why-is-my-image-missing.md', 'reasons', table);
});

test('the docs list every difference that a reconciliation finds', () => {
  const rows = Object.entries(DIFFERENCES).map(([kind, meaning]) => [`\`${kind}\``, meaning]);

  expectMarked('docs/operate-and-monitor.md', 'differences', tableOf(['difference', 'what it means'], rows));
});

test('the docs list every cause for which a reconciliation leaves images as they are', () => {
  const rows = Object.entries(LEFT).map(([why, meaning]) => [`\`${why}\``, meaning]);

  expectMarked('docs/operate-and-monitor.md', 'left', tableOf(['`left`', 'what it means'], rows));
});

test('the docs list every check of a diagnosis', () => {
  const [v2, classic] = ['v2', 'classic'].map(CODER_GENERATION => {
    const settings = readSettings({ ...required, CODER_GENERATION });
    const services = createServices(settings, { now: () => new Date(), random: Math.random });
    return listChecks(services).map(({ name, truth }) => `| \`${name}\` | ${truth} |`);
  }) as [string[], string[]];
  const rows = [
    ...v2.map(row => `${row} ${classic.includes(row) ? 'both' : 'v2'} |`),
    ...classic.filter(row => !v2.includes(row)).map(row => `${row} Classic |`),
  ];

  const head = '| check | what must be true | Coder |\n|---|---|---|';
  expectMarked('docs/why-is-my-image-missing.md', 'checks', `${[head, ...rows].join('\n')}\n`);
});

test('the docs list every app role', () => {
  const rows = Object.entries(ROLES).map(([role, meaning]) => [`\`${role}\``, meaning]);

  expectMarked('docs/security-model.md', 'roles', tableOf(['app role', 'what it allows'], rows));
});

test('the docs list every setting with its default', () => {
  const defaults: Record<string, unknown> = readSettings(required);
  const rows = rowsOf(marked('docs/settings.md', 'settings')).map(([name, value]) => [name, value]);

  expect(rows).toEqual(
    SETTING_NAMES.map(name => {
      if (name in required) return [`\`${name}\``, 'required'];
      const value = String(defaults[name] ?? '');
      return [`\`${name}\``, value === '' ? '–' : `\`${value}\``];
    }),
  );
});

test('the example of local settings has only settings that exist, and all that are required', () => {
  const { Values } = JSON.parse(readText('local.settings.example.json'));
  const platform = /^(AzureWebJobsStorage|FUNCTIONS_)/;

  expect(Object.keys(Values).filter(name => !platform.test(name) && !SETTING_NAMES.includes(name))).toEqual(
    [],
  );
  expect(() => readSettings(Values)).not.toThrow();
});

test('the docs list every HTTP call and no other', () => {
  const calls = [...HTTP_FUNCTIONS.values()].map(({ method, route }) => `${method} /${route}`);
  const named = rowsOf(marked('docs/http-api.md', 'calls')).map(([call = '']) =>
    call.replaceAll('`', '').replace(/\?.*/, '').replace('{repository}:{tag}', '{*reference}'),
  );

  expect(named.sort()).toEqual(calls.sort());
});

test('the docs list every event that is published', () => {
  const types: Record<keyof BridgeEvents, true> = {
    'Image.Imported': true,
    'Image.ImportFailed': true,
    'Registry.CredentialRotated': true,
    'Registry.RotationFailed': true,
    'Registry.CredentialExpiring': true,
  };
  const listed = rowsOf(marked('docs/operate-and-monitor.md', 'events')).map(([type]) => type);

  expect(listed).toEqual(Object.keys(types).map(type => `\`${TYPE_PREFIX}${type}\``));
});

test('the docs list every function', () => {
  const names = [...readText('functions/index.ts').matchAll(/'\.\/([\w-]+)\.ts'/g)].map(([, name]) => name);
  const listed = rowsOf(marked('docs/how-it-is-built.md', 'functions')).flatMap(([cell = '']) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
  );

  expect(listed.sort()).toEqual(names.sort());
});
