import * as z from 'zod';
import { parseBody } from './bodies.ts';
import type { Caller, CoderContext } from './context.ts';
import type { User, Version } from './state.ts';
import { isOption, type Parameter, parametersOf } from './terraform/parameters.ts';
import { evaluateVersion } from './terraform/plan.ts';
import { ZERO_UUID } from './uuid.ts';

const Inputs = z.object({
  id: z.int().nullish(),
  inputs: z.record(z.string(), z.string()).nullish(),
  owner_id: z.string().nullish(),
});

/** The parameters of a version, when these values are given for them. @throws HclError */
export function offeredParameters(
  { templateIn }: CoderContext,
  version: Version,
  owner: User,
  given: Record<string, string>,
): Parameter[] {
  const { id, username, email } = owner;
  const evaluation = evaluateVersion(templateIn(version.job.fileId), version.variables, {
    workspace: { id: ZERO_UUID, name: 'default', transition: 'start' },
    owner: { id, name: username, email },
    parameters: given,
  });
  return parametersOf(evaluation);
}

/** The answer of `dynamic-parameters/evaluate`. */
export function evaluateParameters(
  context: CoderContext,
  caller: Caller,
  version: Version,
  body: Buffer,
): object {
  const { id, inputs } = parseBody(Inputs, body);
  const given = inputs ?? {};
  const parameters = version.plan ? offeredParameters(context, version, caller.user, given) : [];
  return { id: id ?? 0, diagnostics: [], parameters: parameters.map(parameter => view(parameter, given)) };
}

function view(parameter: Parameter, given: Record<string, string>): object {
  const value = given[parameter.name] ?? parameter.defaultValue;
  const known = (text: string) => ({ value: text, valid: true });
  const isValid = isOption(parameter.options, value);
  return {
    name: parameter.name,
    display_name: parameter.displayName,
    description: parameter.description,
    type: parameter.type,
    form_type: parameter.formType,
    ...{ styling: {}, order: 0, icon: parameter.icon, validations: [] },
    mutable: parameter.mutable,
    ephemeral: parameter.ephemeral,
    required: parameter.required,
    default_value: known(parameter.defaultValue),
    value: known(value),
    options: (parameter.options ?? []).map(option => ({ ...option, value: known(option.value) })),
    diagnostics: isValid ? [] : [{ ...INVALID_OPTION, extra: { code: '' } }],
  };
}

/** Coder's words for a value that is not offered. */
export const INVALID_OPTION = {
  severity: 'error',
  summary: 'Value must be a valid option',
  detail: 'the value must be defined as one of options',
};
