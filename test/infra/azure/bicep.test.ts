import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BicepFile, FOLDER, localNames, type Module, named, readBicep, references } from './bicep.ts';

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
