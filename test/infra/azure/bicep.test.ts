import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Node } from 'web-tree-sitter';
import { systemTopicOf } from '../../../infra/azure/connection.ts';
import {
  type BicepFile,
  FOLDER,
  localNames,
  type Module,
  named,
  propertiesOf,
  readBicep,
  references,
} from './bicep.ts';
import { evaluate } from './evaluate.ts';

// What the Bicep compiler would refuse or warn of, as far as it can be seen without it.

const files = readBicep();
const fileNamed = (name: string) => files.find(file => file.name === name) as BicepFile;
const readJson = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));

/** Functions and decorators of Bicep that the files use. */
const BICEP = new Set(
  `allowed cidrSubnet concat contains description empty endsWith environment export filter guid items last length
  loadTextContent map maxLength maxValue metadata minLength minValue replace resourceGroup resourceId sealed secure
  split string subscription subscriptionResourceId take tenant toLower union uniqueString`.split(/\s+/),
);

const declared = (file: BicepFile) =>
  [...file.params, ...file.vars, ...file.resources, ...file.modules, ...file.types].map(
    ({ symbol }) => symbol,
  );

describe.each(files.map(file => [file.name, file] as const))('%s', (_, file) => {
  test('has no fault of syntax', () => {
    const faults = file.root
      .descendantsOfType('ERROR')
      .map(node => `${node?.startPosition.row}: ${node?.text}`);

    expect([file.root.hasError, faults]).toEqual([false, []]);
  });

  test('names nothing that is not there', () => {
    const known = new Set([...declared(file), ...file.imports.keys(), ...localNames(file.root), ...BICEP]);

    expect(references(file.root).filter(name => !known.has(name))).toEqual([]);
    for (const [symbol, from] of file.imports) {
      const exported = [...fileNamed(from).vars, ...fileNamed(from).types].find(
        found => found.symbol === symbol,
      );
      expect(exported?.decorators, `${symbol} of ${from}`).toHaveProperty('export');
    }
  });

  test('uses all that it declares or imports', () => {
    const used = new Set([
      ...references(file.root),
      ...file.root.descendantsOfType('type').map(node => node?.text.replace('[]', '')),
    ]);
    const kept = [...file.params, ...file.vars, ...file.resources.filter(({ existing }) => existing)]
      .filter(({ decorators }) => !('export' in decorators))
      .map(({ symbol }) => symbol);
    const inPaths = file.root
      .descendantsOfType('resource_expression')
      .flatMap(node => node?.text.split('::'));

    expect(
      [...kept, ...file.imports.keys()].filter(name => !used.has(name) && !inPaths.includes(name)),
    ).toEqual([]);
  });

  test('says what each parameter and output is', () => {
    const silent = [...file.params, ...file.outputs].filter(({ description }) => !description);

    expect(silent.map(({ symbol }) => symbol)).toEqual([]);
  });

  test('takes API versions that are not previews', () => {
    const types = file.resources.map(({ type }) => type).filter(type => type.includes('/'));

    expect(types.filter(type => !/^Microsoft\.[\w.]+(\/\w+)+@20\d\d-\d\d-\d\d$/.test(type))).toEqual([]);
  });
});

/** Of a resource's properties that are ids, those that the linter's use-resource-id-functions refuses, as an error here. */
function refusedIds(file: BicepFile): string[] {
  const symbols = [...file.resources, ...file.modules].map(({ symbol }) => symbol);
  const isFine = (value: Node) =>
    references(value).some(name => symbols.includes(name)) ||
    value.type === 'ternary_expression' ||
    /^(guid|(subscription)?resourceId)\(/i.test(value.text) ||
    file.params.some(({ symbol }) => symbol === value.text);
  return file.resources
    .flatMap(({ body }) => propertiesOf(body).get('properties')?.descendantsOfType('object_property') ?? [])
    .filter(property => /id$/i.test(property?.namedChild(0)?.text ?? ''))
    .filter(property => !/^(client|principal|tenant)Id$/.test(property?.namedChild(0)?.text ?? ''))
    .filter(property => !isFine(property?.namedChild(1) as Node))
    .map(property => property?.text ?? '');
}

test.each(files.map(file => [file.name, file] as const))('%s: no id is made by hand', (_, file) => {
  expect(refusedIds(file)).toEqual([]);
});

const modules = files.flatMap(file => file.modules.map(module => ({ file, module })));

describe.each(modules.map(({ file, module }) => [`${file.name}: ${module.symbol}`, file, module] as const))(
  '%s',
  (_, file, module: Module) => {
    const { params, outputs } = fileNamed(module.file);

    test('gives its file what that needs, and nothing else', () => {
      const required = params.filter(param => param.default === undefined).map(({ symbol }) => symbol);

      expect(params.map(({ symbol }) => symbol)).toEqual(expect.arrayContaining([...module.params.keys()]));
      expect([...module.params.keys()]).toEqual(expect.arrayContaining(required));
    });

    test('is asked for outputs that its file has', () => {
      const asked = [
        ...file.root.text.matchAll(new RegExp(`\\b${module.symbol}(?:\\[i\\])?!?\\.outputs\\.(\\w+)`, 'g')),
      ];

      const names = outputs.map(({ symbol }) => symbol);
      expect(asked.map(([, name]) => name).filter(name => !names.includes(name ?? ''))).toEqual([]);
    });
  },
);

describe('names for which Azure has a limit, with a registry whose names have the 50 characters that they may', () => {
  const longest = 'r'.repeat(50);

  test.each(modules.map(({ file, module }) => [`${file.name}: ${module.symbol}`, module] as const))(
    'the deployment of %s: 64',
    (_, module) => {
      const name = propertiesOf(module.body).get('name')?.text.replace(/^'|'$/g, '');

      expect(name?.replace(/\$\{[^}]+\}/g, longest).length).toBeLessThanOrEqual(64);
    },
  );

  test('the system topic: 50, and the same to be removed as was made', () => {
    const connect = fileNamed('connect.bicep');
    const names = connect.vars.find(({ symbol }) => symbol === 'systemTopicNames')?.value;
    const made = names?.descendantsOfType('call_expression')[0] as Node;
    const values = (name: string) => ({ registryNames: [name], i: 0 });

    for (const name of ['contoso', longest]) {
      const resourceId = `/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/${name}`;
      const topic = systemTopicOf({ name: 'contoso', resourceId, credentialKind: 'token' });
      expect(topic.length).toBeLessThanOrEqual(50);
      expect(evaluate(connect, made, values(name))).toBe(topic);
    }
  });
});

test('each file but those that are deployed is of use to another', () => {
  const used = [
    ...modules.map(({ module }) => module.file),
    ...files.flatMap(file => [...file.imports.values()]),
  ];

  expect(
    files
      .map(({ name }) => name)
      .filter(name => !used.includes(name))
      .sort(),
  ).toEqual(['connect.bicep', 'main.bicep']);
});

describe('main.parameters.json', () => {
  const given: Record<string, { value: string }> = readJson('main.parameters.json').parameters;
  const { params, outputs } = fileNamed('main.bicep');

  test('has every parameter of main.bicep, by variables that azd or a person sets', () => {
    expect(Object.keys(given).sort()).toEqual(params.map(({ symbol }) => symbol).sort());
    for (const { value } of Object.values(given))
      expect(value).toMatch(/^\$\{(AZURE|BRIDGE)_[A-Z_]+(=[^{}]*)?\}$/);
  });

  test('gives each variable once, with the default of main.bicep, and none the name of an output', () => {
    const variables = Object.values(given).map(({ value }) => /\{(\w+)/.exec(value)?.[1]);
    const defaults = params
      .filter(param => param.default && param.symbol !== 'principalId')
      .map(({ symbol, default: node }) => [symbol, node?.text.replace(/^'|'$/g, '')]);

    expect(new Set(variables).size).toBe(variables.length);
    expect(outputs.map(({ symbol }) => symbol).filter(name => variables.includes(name))).toEqual([]);
    expect(
      defaults.map(([symbol = '']) => [symbol, /=(.*)\}/.exec(given[symbol]?.value ?? '')?.[1]]),
    ).toEqual(defaults);
  });
});

test('no rule of the linter is off', () => {
  const { enabled, rules } = readJson('bicepconfig.json').analyzers.core;

  expect(enabled).toBe(true);
  expect(Object.values(rules).map(rule => (rule as { level: string }).level)).not.toContain('off');
});

test('BRIDGE_CONNECTION has exactly the parameters of connect.bicep', () => {
  const output = fileNamed('main.bicep').outputs.find(({ symbol }) => symbol === 'BRIDGE_CONNECTION');
  const given = named(output?.value as never).map(property => named(property)[0]?.text);

  expect(given.sort()).toEqual(
    fileNamed('connect.bicep')
      .params.map(({ symbol }) => symbol)
      .sort(),
  );
});
