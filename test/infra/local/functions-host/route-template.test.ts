import { expect, test } from 'vitest';
import { compileTemplate } from '../../../../infra/local/functions-host/route-template.ts';

test.each<[template: string, path: string, params: Record<string, string> | undefined]>([
  ['api/health', '/api/health', {}],
  ['api/health', '/API/Health/', {}],
  ['api/health', '/api/healthy', undefined],
  ['api/v1.0', '/api/v1x0', undefined],
  ['api/items/{id}', '/api/items/7', { id: '7' }],
  ['api/items/{id}', '/api/items/Mixed Case', { id: 'Mixed Case' }],
  ['api/items/{id}', '/api/items', undefined],
  ['api/items/{id}', '/api/items/', undefined],
  ['api/items/{id}', '/api/items/7/tags', undefined],
  ['api/items/{id}/tags/{tag}', '/api/items/7/tags/v1', { id: '7', tag: 'v1' }],
  ['api/items/{id?}', '/api/items', {}],
  ['api/items/{id?}', '/api/items/7', { id: '7' }],
  ['api/{name}.{type}', '/api/a.b.json', { name: 'a.b', type: 'json' }],
  ['api/files/{*rest}', '/api/files/a/b/c', { rest: 'a/b/c' }],
  ['api/files/{*rest}', '/api/files/', {}],
  ['api/files/{*rest}', '/api/files', {}],
  ['api/files/{*rest}', '/api/filesystem', undefined],
  ['{*rest}', '/a/b', { rest: 'a/b' }],
  ['api/{n:int}', '/api/-12', { n: '-12' }],
  ['api/{n:int}', '/api/1.5', undefined],
  ['api/{n:int}', '/api/2147483648', undefined],
  ['api/{n:int?}', '/api', {}],
  ['api/{n:int?}', '/api/x', undefined],
  [
    'api/{g:guid}',
    '/api/8f14e45f-ceea-467f-a0e6-1f0c4f6e1d2c',
    { g: '8f14e45f-ceea-467f-a0e6-1f0c4f6e1d2c' },
  ],
  ['api/{g:guid}', '/api/8f14e45f', undefined],
  ['api/{word:alpha}', '/api/Abc', { word: 'Abc' }],
  ['api/{word:alpha}', '/api/abc1', undefined],
  ['api/{flag:bool}', '/api/TRUE', { flag: 'TRUE' }],
  ['api/{flag:bool}', '/api/yes', undefined],
  ['api/{code:length(3)}', '/api/abc', { code: 'abc' }],
  ['api/{code:length(3)}', '/api/abcd', undefined],
  ['api/{code:length(2,3)}', '/api/ab', { code: 'ab' }],
  ['api/{code:length(2,3)}', '/api/a', undefined],
  ['api/{code:alpha:length(2)}', '/api/a1', undefined],
  ['api/{tag:regex(^(v|w)\\d{{2}}$)}', '/api/V12', { tag: 'V12' }],
  ['api/{tag:regex(^(v|w)\\d{{2}}$)}', '/api/v1', undefined],
])('%s against %s gives %j', (template, path, params) => {
  expect(compileTemplate(template).match(path)).toEqual(params);
});

test.each([
  ['api/{*rest}/tags', 'a catch-all must end the route'],
  ['api/{id:decimal}', 'constraint "decimal"'],
  ['api/{id=5}', 'not a route parameter'],
  ['api/{id', 'cannot read'],
])('%s is refused', (template, message) => {
  expect(() => compileTemplate(template)).toThrow(message);
});
