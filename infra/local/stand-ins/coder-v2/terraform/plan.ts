import { UNKNOWN, type Value } from '../hcl/value.ts';
import type { Occasion } from './data-sources.ts';
import { type Evaluation, evaluateTemplate } from './evaluation.ts';
import { checkParameters, type Parameter, parametersOf } from './parameters.ts';
import { type Preset, presetsOf } from './presets.ts';
import { type AgentPlan, agentsOf, imagesOf } from './resources.ts';
import type { TemplateSource } from './template-source.ts';
import { fromArgument, type Variable, validate } from './variables.ts';

/** What `terraform plan` says of a template. */
export interface Plan {
  parameters: Parameter[];
  presets: Preset[];
  resources: { type: string; name: string }[];
  agents: AgentPlan[];
  /** What containers of the workspace would be started from. */
  images: string[];
}

/** A variable with the value that it has in one version. */
export interface VariableValue extends Omit<Variable, 'validations'> {
  value: string;
}

/** Limit for one argument of a program on Linux, its end mark included. */
const LONGEST_ARGUMENT_BYTES = 131_072;

/** The declared variables: default, overwritten by what was given, even by an empty text. Other names are dropped. */
export function fillVariables(variables: Variable[], given: ReadonlyMap<string, string>): VariableValue[] {
  return variables.map(variable => ({
    ...variable,
    value: given.get(variable.name) ?? variable.defaultValue,
  }));
}

/** Required variables that stay empty. */
export function missingVariables(variables: VariableValue[]): string[] {
  return variables.filter(({ required, value }) => required && value === '').map(({ name }) => name);
}

/** Whether the operating system refuses to start Terraform with these values. */
export function isTooLong(variables: VariableValue[]): boolean {
  return variables.some(({ name, value }) => Buffer.byteLength(`${name}=${value}`) >= LONGEST_ARGUMENT_BYTES);
}

/** The template with the values of one version, for reading parts of it. @throws HclError */
export function evaluateVersion(
  source: TemplateSource,
  variables: VariableValue[],
  occasion: Occasion,
): Evaluation {
  const values = new Map(variables.map((variable): [string, Value] => [variable.name, typedValue(variable)]));
  return evaluateTemplate(source, values, occasion);
}

/** Evaluates everything in the template. @throws HclError */
export function planTemplate(source: TemplateSource, variables: VariableValue[], occasion: Occasion): Plan {
  const evaluation = evaluateVersion(source, variables, occasion);
  for (const variable of source.variables) validate(variable, evaluation.scope);
  evaluation.checkLocals();
  evaluation.data();
  const parameters = parametersOf(evaluation);
  checkParameters(parameters);
  return {
    parameters,
    presets: presetsOf(evaluation),
    resources: evaluation.resources().map(({ type, name }) => ({ type, name })),
    agents: agentsOf(evaluation),
    images: imagesOf(evaluation),
  };
}

/**
 * What Coder evaluates itself when a version is created: only the given values, each as text, and defaults.
 * What has neither is unknown.
 */
export function previewTemplate(
  source: TemplateSource,
  given: ReadonlyMap<string, string>,
  occasion: Occasion,
): Evaluation {
  const values = source.variables.map((variable): [string, Value] => {
    const text = given.get(variable.name);
    if (text !== undefined) return [variable.name, text];
    return [
      variable.name,
      variable.required ? UNKNOWN : typedValue({ ...variable, value: variable.defaultValue }),
    ];
  });
  return evaluateTemplate(source, new Map(values), occasion);
}

/** A default of null, which reads as an empty text, is no number and no list. */
function typedValue(variable: VariableValue): Value {
  const isText = variable.type === '' || variable.type === 'string';
  return !isText && variable.value === '' ? null : fromArgument(variable, variable.value);
}
