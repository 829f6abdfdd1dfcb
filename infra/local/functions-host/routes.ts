import type { HostedFunction, TriggerOf } from './functions.ts';
import { compileTemplate } from './route-template.ts';

type HttpFunction = HostedFunction<TriggerOf<'httpTrigger'>>;

export interface RouteMatch {
  fn: HttpFunction;
  params: Record<string, string>;
}

/** Finds the function that answers; `path` is as it came, still encoded. */
export type FindRoute = (method: string, path: string) => RouteMatch | undefined;

/**
 * Routes as the platform does: no route is more specific than another, the first one in the order of the functions'
 * names whose template and method both fit wins, and a wrong method is no match.
 * @throws when the platform would refuse one of the routes
 */
export function createRoutes(functions: HttpFunction[], prefix: string): FindRoute {
  refuseReserved(functions);
  refuseConflicts(functions);
  const routes = functions.map(fn => {
    const parts = [prefix, fn.trigger.route].filter(part => part !== '');
    return { fn, template: compileTemplate(parts.join('/')) };
  });
  return (method, path) => {
    const decoded = decodePath(path);
    for (const { fn, template } of routes) {
      if (!accepts(fn, method)) continue;
      const params = template.match(decoded);
      if (params) return { fn, params };
    }
    return undefined;
  };
}

/**
 * Decodes as Kestrel does: once, before routes are matched, and `%2F` stays as it is. So an encoded slash never ends
 * a segment, and reaches the function, from a catch-all too, as the three characters `%2F`. What the front ends of
 * the platform do to it before is not documented: send the slashes of a catch-all unencoded.
 */
export function decodePath(path: string): string {
  return path
    .split(/(%2f)/i)
    .map((part, i) => (i % 2 === 1 ? part : decode(part)))
    .join('');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function accepts({ trigger: { methods } }: HttpFunction, method: string): boolean {
  return methods.length === 0 || methods.includes(method);
}

/** The platform compares only the beginning, so `administrators` is refused as well. */
function refuseReserved(functions: HttpFunction[]): void {
  for (const { name, trigger } of functions) {
    if (!/^(admin|runtime)/i.test(trigger.route)) continue;
    throw new Error(
      `route "${trigger.route}" of function "${name}" conflicts with one or more built in routes`,
    );
  }
}

function refuseConflicts(functions: HttpFunction[]): void {
  for (const [i, fn] of functions.entries()) {
    const other = functions.slice(0, i).find(earlier => conflicts(earlier, fn));
    if (!other) continue;
    throw new Error(
      `route "${fn.trigger.route}" of function "${fn.name}" conflicts with that of function "${other.name}"`,
    );
  }
}

function conflicts(one: HttpFunction, other: HttpFunction): boolean {
  if (one.trigger.route.toLowerCase() !== other.trigger.route.toLowerCase()) return false;
  const { methods } = one.trigger;
  return methods.length === 0 || other.trigger.methods.length === 0 || methods.some(m => accepts(other, m));
}
