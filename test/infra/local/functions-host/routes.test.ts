import { expect, test } from 'vitest';
import { createFunctionApp } from '../../../../infra/local/functions-host/function-app.ts';
import { readFunctions, withTrigger } from '../../../../infra/local/functions-host/functions.ts';
import { createRoutes, decodePath } from '../../../../infra/local/functions-host/routes.ts';

type Routes = Record<string, [route: string | undefined, ...methods: string[]]>;

function routesOf(routes: Routes, prefix = 'api') {
  const app = createFunctionApp(() => {});
  for (const [name, [route, ...methods]] of Object.entries(routes)) {
    const trigger = { type: 'httpTrigger', direction: 'in' as const, route, methods };
    app.core.registerFunction({ name, bindings: { request: trigger } }, () => {});
  }
  return createRoutes(withTrigger(readFunctions(app, {}), 'httpTrigger'), prefix);
}

test.each<[rule: string, routes: Routes, method: string, path: string, name: string | undefined]>([
  ['the first name wins', { b: ['items/search'], a: ['items/{id}'] }, 'GET', '/api/items/search', 'a'],
  ['whatever its case', { B: ['items/search'], a: ['items/{id}'] }, 'GET', '/api/items/search', 'a'],
  ['unless its constraint refuses', { a: ['i/{n:int}'], b: ['i/{s}'] }, 'GET', '/api/i/x', 'b'],
  ['or its method', { a: ['i/{id}', 'GET'], b: ['i/{name}', 'PUT'] }, 'PUT', '/api/i/x', 'b'],
  ['a wrong method is no match', { a: ['i', 'GET', 'POST'] }, 'PUT', '/api/i', undefined],
  ['HEAD does not follow from GET', { a: ['i', 'GET'] }, 'HEAD', '/api/i', undefined],
  ['no methods are all methods', { a: ['i'] }, 'PURGE', '/api/i', 'a'],
  ['methods are read in any case', { a: ['i', 'get'] }, 'GET', '/api/i', 'a'],
  ['the route is the name when there is none', { hello: [undefined] }, 'GET', '/api/hello', 'hello'],
  ['the prefix is part of it', { a: ['i'] }, 'GET', '/i', undefined],
])('%s', (_, routes, method, path, name) => {
  expect(routesOf(routes)(method, path)?.fn.name).toBe(name);
});

test('an empty prefix puts routes at the root', () => {
  expect(routesOf({ a: ['i'] }, '')('GET', '/i')?.fn.name).toBe('a');
});

test.each([
  ['/a%20b', '/a b'],
  ['/%C3%A9', '/é'],
  ['/a%2Fb', '/a%2Fb'],
  ['/a%252Fb', '/a%2Fb'],
  ['/%zz', '/%zz'],
])('%s is decoded once, to %s', (path, decoded) => {
  expect(decodePath(path)).toBe(decoded);
});

test.each<[routes: Routes, message: string]>([
  [
    { a: ['i/{id}', 'GET', 'PUT'], b: ['I/{ID}', 'PUT'] },
    'of function "b" conflicts with that of function "a"',
  ],
  [{ a: ['i'], b: ['i', 'PUT'] }, 'conflicts with that of function "a"'],
  [{ a: ['administration'] }, 'conflicts with one or more built in routes'],
  [{ a: ['/Runtime/x'] }, 'conflicts with one or more built in routes'],
])('%j does not start', (routes, message) => {
  expect(() => routesOf(routes)).toThrow(message);
});

test('one template may serve different methods by different functions', () => {
  const find = routesOf({ a: ['i', 'GET'], b: ['i', 'PUT'] });

  expect(find('PUT', '/api/i')?.fn.name).toBe('b');
});
