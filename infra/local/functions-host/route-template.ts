import { type Constraint, createConstraint } from './route-constraints.ts';

/** A route template of ASP.NET Core, compiled. */
export interface RouteTemplate {
  /** The route's parameters when it fits `path`, which is decoded; those without a value are missing. */
  match(path: string): Record<string, string> | undefined;
}

interface Parameter {
  name: string;
  constraints: Constraint[];
  optional: boolean;
  /** Takes the rest of the path, slashes and all, which may be nothing. */
  catchAll: boolean;
}

/** Braces inside a parameter are doubled. */
const TOKEN = /\{(?<parameter>(?:[^{}]|\{\{|\}\})+)\}|(?<literal>[^{}]+)/gy;
const PARAMETER = /^(?<stars>\*{0,2})(?<name>[^:?*=]+)(?<constraints>(?::.*?)?)(?<optional>\??)$/s;
/** An argument ends at the parenthesis after which the next constraint, or nothing, follows. */
const CONSTRAINT = /:(?<name>\w+)(?:\((?<argument>.*?)\))?(?=:|$)/gsy;

/** @throws when the template is invalid, or uses something that this host does not know */
export function compileTemplate(template: string): RouteTemplate {
  const parameters: Parameter[] = [];
  let source = '';
  for (const token of scan(template, TOKEN)) {
    if (parameters.at(-1)?.catchAll) throw new Error(`a catch-all must end the route "${template}"`);
    if (token.literal !== undefined) {
      source += token.literal.replace(/[\\^$.*+?()[\]|]/g, '\\$&');
      continue;
    }
    const parameter = parseParameter(token.parameter ?? '');
    parameters.push(parameter);
    source = addParameter(source, parameter);
  }
  const pattern = new RegExp(`^/${source}/?$`, 'is');
  return { match: path => readParameters(parameters, pattern.exec(path)?.slice(1)) };
}

/** The slash before a parameter that may be missing may be missing too. */
function addParameter(source: string, { optional, catchAll }: Parameter): string {
  const pattern = catchAll ? '(.*)' : '([^/]+)';
  if (!optional && !catchAll) return source + pattern;
  return source.endsWith('/') ? `${source.slice(0, -1)}(?:/${pattern})?` : `${source}${pattern}?`;
}

function readParameters(
  parameters: Parameter[],
  values: (string | undefined)[] | undefined,
): Record<string, string> | undefined {
  if (!values) return undefined;
  const found: Record<string, string> = {};
  for (const [i, { name, constraints }] of parameters.entries()) {
    const value = values[i];
    if (!value) continue;
    if (!constraints.every(fits => fits(value))) return undefined;
    found[name] = value;
  }
  return found;
}

function parseParameter(text: string): Parameter {
  const { stars, name, constraints, optional } = PARAMETER.exec(text)?.groups ?? {};
  if (name === undefined) throw new Error(`"{${text}}" is not a route parameter that this host knows`);
  return {
    name,
    constraints: scan(constraints ?? '', CONSTRAINT).map(constraint =>
      createConstraint(
        constraint.name ?? '',
        constraint.argument?.replaceAll('{{', '{').replaceAll('}}', '}'),
      ),
    ),
    optional: optional === '?',
    catchAll: stars !== '',
  };
}

/** The tokens of which all of `text` consists. */
function scan(text: string, token: RegExp): Record<string, string | undefined>[] {
  const matches = [...text.matchAll(token)];
  if (matches.map(match => match[0]).join('') !== text) throw new Error(`cannot read "${text}" of a route`);
  return matches.map(match => match.groups ?? {});
}
