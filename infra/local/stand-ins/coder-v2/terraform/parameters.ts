import { HclError } from '../hcl/error.ts';
import { isMap, textOf, UNKNOWN, type Value, type ValueMap } from '../hcl/value.ts';
import type { Evaluation } from './evaluation.ts';

export interface ParameterOption {
  name: string;
  description: string;
  value: string;
  icon: string;
}

/** A `coder_parameter`, as it is offered for one version. */
export interface Parameter {
  name: string;
  displayName: string;
  description: string;
  type: string;
  formType: string;
  mutable: boolean;
  ephemeral: boolean;
  defaultValue: string;
  icon: string;
  required: boolean;
  /** Undefined while they depend on something unknown. */
  options: ParameterOption[] | undefined;
}

/** The parameters of a template. @throws HclError */
export function parametersOf(evaluation: Evaluation): Parameter[] {
  return evaluation.data('coder_parameter').map(({ value }) => readParameter(value));
}

function readParameter(value: ValueMap): Parameter {
  const text = (name: string) => textOf(value[name]) ?? '';
  const options = value.option === UNKNOWN ? undefined : optionsOf(value.option);
  return {
    name: text('name'),
    displayName: text('display_name'),
    description: text('description'),
    type: text('type') || 'string',
    formType: text('form_type') || (options?.length === 0 ? 'input' : 'radio'),
    mutable: value.mutable === true,
    ephemeral: value.ephemeral === true,
    defaultValue: text('default'),
    icon: text('icon'),
    required: value.default === undefined || value.default === null,
    options,
  };
}

function optionsOf(value: Value | undefined): ParameterOption[] {
  const blocks = Array.isArray(value) ? value.filter(isMap) : [];
  return blocks.map(block => ({
    name: textOf(block.name) ?? '',
    description: textOf(block.description) ?? '',
    value: textOf(block.value) ?? '',
    icon: textOf(block.icon) ?? '',
  }));
}

/** What Coder's Terraform provider demands of each parameter. @throws HclError */
export function checkParameters(parameters: Parameter[]): void {
  refuseTwice(
    parameters.map(({ name }) => name),
    name => `coder_parameter names must be unique but ${JSON.stringify(name)} appears multiple times`,
  );
  for (const { name, options, defaultValue, required } of parameters) {
    if (!options || options.length === 0) continue;
    const address = `coder_parameter "${name}"`;
    refuseTwice(
      options.map(option => option.name),
      twice =>
        `${address}: Option names must be unique: multiple options found with the same name "${twice}"`,
    );
    refuseTwice(
      options.map(option => option.value),
      twice =>
        `${address}: Option values must be unique: multiple options found with the same value "${twice}"`,
    );
    if (!required && !isOption(options, defaultValue)) {
      throw new HclError(`Error: ${address}: default value "${defaultValue}" must be one of the options`);
    }
  }
}

/** Any text will do where there are no options, or where they are not known. */
export function isOption(options: ParameterOption[] | undefined, value: string): boolean {
  return !options || options.length === 0 || options.some(option => option.value === value);
}

function refuseTwice(values: string[], message: (value: string) => string): void {
  const twice = values.find((value, at) => values.indexOf(value) !== at);
  if (twice !== undefined) throw new HclError(`Error: ${message(twice)}`);
}
