import { expect, test } from 'vitest';
import { readReference } from '../../console/image-reference.ts';

const WHOLE = { host: 'contoso.azurecr.io', repository: 'team/app', tag: 'v1' };

test.each([
  ['contoso.azurecr.io/team/app:v1', WHOLE],
  ['  https://Contoso.azurecr.io/team/app:v1 ', WHOLE],
  ['docker push contoso.azurecr.io/team/app:v1', WHOLE],
  ['"contoso.azurecr.io/team/app:v1"', WHOLE],
  ['contoso.azurecr.io/team/app:v1@sha256:4355', { ...WHOLE, digest: 'sha256:4355' }],
  ['localhost:5443/team/app', { host: 'localhost:5443', repository: 'team/app' }],
  ['team/app:v1', { repository: 'team/app', tag: 'v1' }],
  ['team/', { repository: 'team/' }],
  ['app', { repository: 'app' }],
  ['app:', { repository: 'app' }],
  ['', { repository: '' }],
])('%s is read', (typed, asked) => {
  expect(readReference(typed)).toEqual(asked);
});
