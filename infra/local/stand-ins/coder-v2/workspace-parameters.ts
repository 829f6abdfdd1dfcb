import type { CoderContext } from './context.ts';
import { INVALID_OPTION, offeredParameters } from './dynamic-parameters.ts';
import { CoderError, type Validation } from './errors.ts';
import type { User, Version } from './state.ts';
import { isOption, type Parameter } from './terraform/parameters.ts';

/**
 * Values for every parameter of the version: those of the request, else those of the build before, else defaults.
 * @throws CoderError 400 when one is not offered, or may not change
 */
export function fillParameters(
  context: CoderContext,
  version: Version,
  owner: User,
  sent: ReadonlyMap<string, string>,
  before: Record<string, string>,
): Record<string, string> {
  const given = { ...before, ...Object.fromEntries(sent) };
  const offered = offeredParameters(context, version, owner, given);
  const validations = offered.flatMap(parameter => faultOf(parameter, given, before));
  if (validations.length > 0) throw new CoderError(400, 'Unable to validate parameters', { validations });
  return Object.fromEntries(offered.map(({ name, defaultValue }) => [name, given[name] ?? defaultValue]));
}

function faultOf(
  parameter: Parameter,
  given: Record<string, string>,
  before: Record<string, string>,
): Validation[] {
  const { name, options, mutable, required } = parameter;
  const value = given[name];
  if (value === undefined)
    return required ? [{ field: name, detail: 'Required parameter not provided' }] : [];
  if (!isOption(options, value)) {
    return [{ field: name, detail: `${INVALID_OPTION.summary}; ${INVALID_OPTION.detail}` }];
  }
  const isChanged = before[name] !== undefined && before[name] !== value;
  return isChanged && !mutable ? [{ field: name, detail: `Parameter "${name}" is not mutable` }] : [];
}
