import { expect, test } from 'vitest';
import '../../functions/index.ts';
import { createFunctionApp } from '../../infra/local/functions-host/function-app.ts';
import { readFunctions, withTrigger } from '../../infra/local/functions-host/functions.ts';
import { createRoutes } from '../../infra/local/functions-host/routes.ts';
import { HTTP_FUNCTIONS } from '../../shared/api/http-function.ts';

type Routes = ReadonlyMap<string, { method: string; route: string }>;

/** Paths of one function that another one answers, because the platform tries functions in the order of their names. */
function shadowed(routes: Routes): string[] {
  const app = createFunctionApp(() => {});
  for (const [name, { method, route }] of routes) {
    const trigger = { type: 'httpTrigger', direction: 'in' as const, route, methods: [method] };
    app.core.registerFunction({ name, bindings: { request: trigger } }, () => {});
  }
  const find = createRoutes(withTrigger(readFunctions(app, {}), 'httpTrigger'), 'api');
  return [...routes].flatMap(([name, { method, route }]) =>
    [...routes.values()].flatMap(other => {
      const path = `/api/${likest(route.split('/'), other.route.split('/'))}`;
      const answering = find(method, path)?.fn.name;
      return answering === name ? [] : [`${method} ${path} of ${name} is answered by ${answering}`];
    }),
  );
}

/** The path of the one template that comes closest to the other one. */
function likest(one: string[], other: string[]): string {
  const parts = one.map((part, i) => {
    if (part.startsWith('{*')) return other.slice(i).map(fill).join('/') || 'x';
    return part.startsWith('{') ? fill(other[i] ?? part) : part;
  });
  return parts.join('/');
}

function fill(part: string): string {
  return part.startsWith('{') ? 'x' : part;
}

test('no function stands before another one that has the same path', () => {
  expect(shadowed(HTTP_FUNCTIONS)).toEqual([]);
});

test.each([
  ['items/{id}', 'items/search', 'GET /api/items/search of b is answered by a'],
  ['items/{*rest}', 'items/{id}/parts', 'GET /api/items/x/parts of b is answered by a'],
  ['items/search', 'items/{id}', 'GET /api/items/search of b is answered by a'],
  ['items/{id}/parts', 'items/{*rest}', 'GET /api/items/x/parts of b is answered by a'],
])('%s stands before %s, and that would be told', (a, b, told) => {
  const get = (route: string) => ({ method: 'GET', route });

  expect(shadowed(new Map(Object.entries({ a: get(a), b: get(b) })))).toContain(told);
  expect(shadowed(new Map(Object.entries({ a: get(a), b: { method: 'PUT', route: b } })))).toEqual([]);
});
