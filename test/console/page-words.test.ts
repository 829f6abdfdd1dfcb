import { expect, test } from 'vitest';
import { pageWords } from '../../console/page-words.ts';
import { IMAGE_REASONS, remedyOf } from '../../shared/reasons.ts';

test.each([
  [
    'Promote it with POST /api/templates/coder/kubernetes/promote, or in Coder.',
    'Promote it here, or in Coder.',
  ],
  ['If it waits: POST /api/templates/coder/api/promote.', 'If it waits: promote it under *Templates*.'],
  [
    'See GET /api/images?registry=contoso&state=failed: each image has its remedy.',
    'See *Needs attention*: each image has its remedy.',
  ],
  ['See GET /api/registries/contoso/diagnostics.', 'See *Health*.'],
  [
    'Wait. If it stays, see `rotation.lastResult` of GET /api/registries/{name}.',
    'Wait. If it stays, see the last result under *Credentials*.',
  ],
  [
    'PUT the registry again: /api/registries/contoso. Delete it in Coder.',
    'Declare the registry again. Delete it in Coder.',
  ],
])('%s', (text, words) => {
  expect(pageWords(text)).toBe(words);
});

test.each(IMAGE_REASONS)('the remedy of %s names no call of the API', reason => {
  expect(pageWords(remedyOf(reason) ?? '')).not.toMatch(/\b(?:GET|PUT|POST|DELETE)\b/);
});
