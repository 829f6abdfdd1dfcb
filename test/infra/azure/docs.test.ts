import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupGuide } from '../../../shared/guide/guide.ts';
import { SETTING_NAMES } from '../../../shared/settings.ts';
import { expectMarked, marked, readText, rowsOf, tableOf } from '../../support/docs.ts';
import { FOLDER, type Parameter, unquote } from './bicep.ts';
import { fileNamed, literalsOf } from './deployed-app.ts';

const PAGE = 'docs/deploy-on-azure.md';
const page = readText(PAGE);
const given: Record<string, { value: string }> = JSON.parse(
  readFileSync(join(FOLDER, 'main.parameters.json'), 'utf8'),
).parameters;

/** As the table says it. */
function allowed({ type, decorators }: Parameter): string {
  const { allowed: values, minValue, maxValue, minLength, maxLength } = decorators;
  if (values) return (values.match(/\w+/g) ?? []).map(value => `\`${value}\``).join(', ');
  if (type === 'bool') return '`true`, `false`';
  if (minValue && maxValue) return `${minValue} to ${maxValue}`;
  if (minLength && maxLength) return `${minLength} to ${maxLength} characters`;
  return '–';
}

test('the docs list every parameter of main.bicep: variable, default, allowed values and meaning', () => {
  const rows = fileNamed('main.bicep').params.map(param => {
    const { symbol, default: node, description = '' } = param;
    const [, variable] = /\{(\w+)/.exec(given[symbol]?.value ?? '') ?? [];
    const value = node ? unquote(node) : undefined;
    const standard = value === undefined ? 'required' : value === '' ? '–' : `\`${value}\``;
    return [`\`${symbol}\``, `\`${variable}\``, standard, allowed(param), description];
  });

  const head = ['parameter', 'variable', 'default', 'allowed', 'meaning'];
  expectMarked(PAGE, 'azure-parameters', tableOf(head, rows));
});

test('the docs list every built-in role that the deployment assigns, and no other', () => {
  const names = readText('infra/azure/built-in-roles.bicep').matchAll(/^ +'?([A-Z][\w ]+?)'?: '/gm);
  const listed = rowsOf(marked('docs/security-model.md', 'azure-roles')).flatMap(([, role = '']) =>
    role.startsWith('Coder ACR Bridge') ? [] : role.split(/, in ABAC mode |, | and /),
  );

  expect([...new Set(listed)].sort()).toEqual([...names].map(([, name]) => name).sort());
});

test('the docs name each setting that cannot be given', () => {
  const mayBeGiven = literalsOf('SettingName');
  const named = [...marked(PAGE, 'azure-settings').matchAll(/`(\w+)`/g)].map(([, name]) => name);

  expect(named.sort()).toEqual(SETTING_NAMES.filter(name => !mayBeGiven.includes(name)).sort());
});

test.each([
  [PAGE, 'azure-kinds'],
  ['docs/credentials.md', 'kinds'],
  ['docs/credentials.md', 'renewal'],
  ['docs/security-model.md', 'stolen'],
])('the table in %s, %s, has every credential kind', (name, table) => {
  const kinds = rowsOf(marked(name, table)).map(([kind = '']) => kind.replaceAll('`', ''));

  expect(kinds.sort()).toEqual(literalsOf('Registry', 'credentialKind').sort());
});

test('the docs grant a service principal what the setup guide does', () => {
  const registry = {
    ...{ name: 'contoso', loginServer: 'contoso.azurecr.io' },
    resourceId:
      '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso',
    credential: { kind: 'service-principal', appId: 'APP_ID' },
  };
  const settings = {
    ARM_AUDIENCE: 'https://management.azure.com',
    CODER_URL: 'https://coder.example.com',
    CODER_GENERATION: 'classic' as const,
    CODER_TOKEN_SECRET: 'coder-session-token',
    KEY_VAULT_URL: 'https://vault.vault.azure.net',
  };
  const context = { settings, clientId: undefined, bridgeUrl: 'https://bridge.example.com' };
  const { steps } = setupGuide(registry as never, context);
  const renewal = steps.find(({ heading }) => heading === 'Let the bridge renew its client secret');
  const [, ...grants] = renewal?.commands ?? [];

  expect(grants).toHaveLength(2);
  for (const { run } of grants) expect(page).toContain(run);
});

test('each required parameter is set in both ways to deploy', () => {
  const required = fileNamed('main.bicep').params.filter(param => param.default === undefined);
  const [, alone = ''] =
    /^az deployment sub create[\s\S]*?--parameters([\s\S]*?)--output none/m.exec(page) ?? [];

  for (const { symbol } of required) {
    const [, variable = ''] = /\{(\w+)/.exec(given[symbol]?.value ?? '') ?? [];
    expect(alone, symbol).toContain(`${symbol}=`);
    // azd asks for those of its own.
    if (variable.startsWith('BRIDGE_')) expect(page).toContain(`azd env set ${variable} `);
  }
});
