import { asNumber } from '../hcl/operators.ts';
import { isMap, textOf, type ValueMap } from '../hcl/value.ts';
import type { Evaluation } from './evaluation.ts';
import { isOption, type Parameter } from './parameters.ts';

/** A `coder_workspace_preset`. */
export interface Preset {
  name: string;
  description: string;
  icon: string;
  isDefault: boolean;
  parameters: { name: string; value: string }[];
  /** Absent when the preset asks for no prebuilt workspaces. */
  prebuilds?: number;
}

/** @throws HclError */
export function presetsOf(evaluation: Evaluation): Preset[] {
  return evaluation.data('coder_workspace_preset').map(({ value }) => readPreset(value));
}

function readPreset(value: ValueMap): Preset {
  const parameters = value.parameters !== undefined && isMap(value.parameters) ? value.parameters : {};
  const [prebuilds] = Array.isArray(value.prebuilds) ? value.prebuilds.filter(isMap) : [];
  return {
    name: textOf(value.name) ?? '',
    description: textOf(value.description) ?? '',
    icon: textOf(value.icon) ?? '',
    isDefault: value.default === true,
    parameters: Object.entries(parameters).map(([name, text]) => ({ name, value: textOf(text) ?? '' })),
    ...(prebuilds && { prebuilds: asNumber(prebuilds.instances) ?? 0 }),
  };
}

/** What is wrong with the preset's values; empty when nothing is. */
export function faultsOf(preset: Preset, parameters: Parameter[]): string[] {
  return preset.parameters.flatMap(({ name, value }) => {
    const parameter = parameters.find(candidate => candidate.name === name);
    if (!parameter)
      return [`Undefined Parameter; Preset parameter "${name}" is not defined in the template.`];
    if (isOption(parameter.options, value)) return [];
    return [
      `Value must be a valid option; the value "${value}" must be defined as one of options for "${name}"`,
    ];
  });
}
