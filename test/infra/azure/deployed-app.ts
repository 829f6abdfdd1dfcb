import type { Node } from 'web-tree-sitter';
import { type BicepFile, parameterValues, property, type Resource, readBicep } from './bicep.ts';
import { evaluate, type Values } from './evaluate.ts';

const files = readBicep();

export function fileNamed(name: string): BicepFile {
  const found = files.find(file => file.name === name);
  if (!found) throw new Error(`There is no ${name}.`);
  return found;
}

export function resourceOf(file: BicepFile, symbol: string): Resource {
  const found = file.resources.find(resource => resource.symbol === symbol);
  if (!found) throw new Error(`${file.name} has no resource ${symbol}.`);
  return found;
}

/** A property of a resource, by its path, as it is deployed with these parameters. */
export function deployed(name: string, symbol: string, path: string, values: Values = {}): unknown {
  const file = fileNamed(name);
  const node = property(resourceOf(file, symbol).body, path);
  return node && evaluate(file, node, { ...parameterValues(file), ...values });
}

/** The settings of the function app as it is deployed with these parameters of function-app.bicep. */
export function deployedSettings(values: Values): Record<string, string> {
  const appInsights = { properties: { ConnectionString: 'InstrumentationKey=0' } };
  const settings = deployed('function-app.bicep', 'app', 'properties.siteConfig.appSettings', {
    ...{ eventsTopicEndpoint: '', optionalSettings: [], appInsights },
    ...values,
  }) as { name: string; value: string }[];
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

/** The texts that a type, or the type of one of its properties, allows. */
export function literalsOf(type: string, name?: string): string[] {
  const declaration = fileNamed('types.bicep').types.find(({ symbol }) => symbol === type);
  const node = declaration?.node.namedChild(1) as Node;
  const text = (name === undefined ? node : property(node, name))?.text ?? '';
  return [...text.matchAll(/'([^']+)'/g)].map(([, literal = '']) => literal);
}
