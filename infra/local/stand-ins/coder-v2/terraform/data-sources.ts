import { createHash } from 'node:crypto';
import { HclError } from '../hcl/error.ts';
import { openObject, textOf, UNKNOWN, type Value, type ValueMap } from '../hcl/value.ts';

/** For what a template is evaluated. */
export interface Occasion {
  /** The workspace's, or made-up ones for an import. */
  workspace: { id: string; name: string; transition: 'start' | 'stop' | 'delete' };
  owner: { id: string; name: string; email: string };
  /** Values of parameters by name; the default counts for those that are absent. */
  parameters: Readonly<Record<string, string>>;
}

type Read = (configuration: ValueMap, occasion: Occasion, address: string) => ValueMap;

const SOURCES: Record<string, Read> = {
  coder_parameter: (configuration, { parameters }, address) => ({
    ...configuration,
    id: idOf(address),
    value: parameterValue(configuration, parameters),
  }),
  coder_workspace: (configuration, { workspace }) =>
    openObject({
      ...configuration,
      ...workspace,
      start_count: workspace.transition === 'start' ? 1 : 0,
      access_url: 'https://coder.example.com',
      access_port: 443,
      is_prebuild: false,
      prebuild_count: 0,
    }),
  coder_workspace_owner: (configuration, { owner }) =>
    openObject({
      ...configuration,
      ...owner,
      full_name: owner.name,
      groups: ['Everyone'],
      session_token: '',
    }),
  coder_provisioner: (_, __, address) => ({ id: idOf(address), arch: 'amd64', os: 'linux' }),
  coder_workspace_tags: (configuration, _, address) => ({ ...configuration, id: idOf(address) }),
  coder_workspace_preset: (configuration, _, address) => ({ ...configuration, id: idOf(address) }),
  coder_external_auth: (configuration, _, address) => ({
    ...configuration,
    id: idOf(address),
    access_token: '',
  }),
};

/** What a data source reads. @throws HclError for one that the stand-in does not know */
export function readDataSource(
  type: string,
  configuration: ValueMap,
  occasion: Occasion,
  address: string,
): ValueMap {
  const read = SOURCES[type];
  if (!read) throw new HclError(`Error: The stand-in cannot read the data source data.${address}`);
  return read(configuration, occasion, address);
}

function parameterValue({ name, default: standard }: ValueMap, given: Occasion['parameters']): Value {
  if (name === UNKNOWN || standard === UNKNOWN) return UNKNOWN;
  return given[textOf(name) ?? ''] ?? textOf(standard) ?? '';
}

/** The same for the same address, in the form of a UUID. */
function idOf(address: string): string {
  const hex = createHash('sha256').update(address).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
