import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupGuide } from '../../../shared/guide/guide.ts';
import { SETTING_NAMES } from '../../../shared/settings.ts';
import { FOLDER, type Parameter, unquote } from './bicep.ts';
import { fileNamed, literalsOf } from './deployed-app.ts';

const readme = readFileSync(join(FOLDER, '..', '..', 'README.md'), 'utf8');
const given: Record<string, { value: string }> = JSON.parse(
  readFileSync(join(FOLDER, 'main.parameters.json'), 'utf8'),
).parameters;

/** What stands between two marks of the README. */
function section(name: string): string {
  const [, text = ''] = readme.split(new RegExp(`<!-- /?${name} -->\n`));
  return text;
}

/** As the table says it. */
function allowed({ type, decorators }: Parameter): string {
  const { allowed: values, minValue, maxValue, minLength, maxLength } = decorators;
  if (values) return (values.match(/\w+/g) ?? []).map(value => `\`${value}\``).join(', ');
  if (type === 'bool') return '`true`, `false`';
  if (minValue && maxValue) return `${minValue} to ${maxValue}`;
  if (minLength && maxLength) return `${minLength} to ${maxLength} characters`;
  return '–';
}

test('the README lists every parameter of main.bicep: variable, default, what is allowed, and meaning', () => {
  const { params } = fileNamed('main.bicep');

  expect(section('azure-parameters').trim().split('\n').slice(2).sort()).toEqual(
    params
      .map(param => {
        const { symbol, default: node, description } = param;
        const [, variable] = /\{(\w+)/.exec(given[symbol]?.value ?? '') ?? [];
        const value = node ? unquote(node) : undefined;
        const standard = value === undefined ? 'required' : value === '' ? '–' : `\`${value}\``;
        return `| \`${symbol}\` | \`${variable}\` | ${standard} | ${allowed(param)} | ${description} |`;
      })
      .sort(),
  );
});

test('the README names each setting that cannot be given, and helps to choose among all kinds that can', () => {
  const mayBeGiven = literalsOf('SettingName');
  const named = [...section('azure-settings').matchAll(/`(\w+)`/g)].map(([, name]) => name);
  const kinds = [...section('azure-kinds').matchAll(/^\| `(.+?)` \|/gm)].map(([, kind]) => kind);

  expect(named.sort()).toEqual(SETTING_NAMES.filter(name => !mayBeGiven.includes(name)).sort());
  expect(kinds.sort()).toEqual(literalsOf('Registry', 'credentialKind').sort());
});

test('the README grants a service principal what the setup guide does, which comes too late for it', () => {
  const registry = {
    ...{ name: 'contoso', loginServer: 'contoso.azurecr.io' },
    resourceId:
      '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso',
    credential: { kind: 'service-principal', appId: 'APP_ID' },
  };
  const settings = { ARM_AUDIENCE: 'https://management.azure.com', CODER_URL: 'https://coder.example.com' };
  const context = { settings, clientId: undefined, bridgeUrl: 'https://bridge.example.com' };
  const { steps } = setupGuide(registry as never, context);
  const renewal = steps.find(({ heading }) => heading === 'Let the bridge renew its client secret');
  const [, ...grants] = renewal?.commands ?? [];

  expect(grants).toHaveLength(2);
  for (const { run } of grants) expect(readme).toContain(run);
});

test('each required parameter is set in both ways to deploy', () => {
  const required = fileNamed('main.bicep').params.filter(param => param.default === undefined);
  const [, alone = ''] =
    /^az deployment sub create[\s\S]*?--parameters([\s\S]*?)--output none/m.exec(readme) ?? [];

  for (const { symbol } of required) {
    const [, variable = ''] = /\{(\w+)/.exec(given[symbol]?.value ?? '') ?? [];
    expect(alone, symbol).toContain(`${symbol}=`);
    // azd asks for those of its own.
    if (variable.startsWith('BRIDGE_')) expect(readme).toContain(`azd env set ${variable} `);
  }
});
