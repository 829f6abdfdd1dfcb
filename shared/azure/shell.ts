import type { Registry } from '../records/registry.ts';
import { partsOf } from './arm-id.ts';

/** One word of a POSIX shell that means exactly `text`. */
export function quote(text: string): string {
  return /^[\w@:,./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command over several lines, one option on each. */
export function command(first: string, ...options: string[]): string {
  return [first, ...options].join(' \\\n  ');
}

/** A command that gives a variable what `find` prints. */
export function assign(variable: string, find: string): string {
  return `${variable}="$(${find})"`;
}

/** The options by which `az acr` finds the registry. */
export function azAcrOptions(registry: Registry): string[] {
  const { subscriptionId, resourceGroup, registryName } = partsOf(registry);
  return [
    `--subscription ${subscriptionId}`,
    `--resource-group ${quote(resourceGroup)}`,
    `--registry ${registryName}`,
  ];
}
