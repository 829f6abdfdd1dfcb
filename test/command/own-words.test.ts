import { expect, test } from 'vitest';
import { inOwnWords } from '../../command/own-words.ts';
import { REASONS } from '../../shared/reasons.ts';

test.each([
  ['See GET /api/registries/contoso/diagnostics.', 'See `doctor contoso`.'],
  ['POST /api/registries/contoso/rotate.', '`rotate contoso`.'],
  ['POST /api/registries/contoso/rotate?compromised=true does', '`rotate contoso --compromised` does'],
  ['POST /api/registries/contoso/rotate?dryRun=true', 'POST /api/registries/contoso/rotate?dryRun=true'],
  ['POST /api/registries/contoso/reconcile adds it', '`reconcile contoso` adds it'],
  ['See GET /api/images?registry=contoso&state=failed: each', 'See `images contoso --state failed`: each'],
  ['POST /api/templates/coder/kubernetes/promote, or', '`promote coder/kubernetes`, or'],
  ['POST /api/images/replay {"registry":"contoso","reason":"held"}', '`replay contoso --reason held`'],
  ['GET /api/registries lists those', '`status` lists those'],
  ['GET /api/registries/contoso/setup', 'GET /api/registries/contoso/setup'],
  ['PUT the registry with `templates`.', 'PUT the registry with `templates`.'],
])('%s', (text, own) => {
  expect(inOwnWords(text)).toBe(own);
});

test('the remedy of an image names its template', () => {
  const template = { organization: 'coder', template: 'kubernetes' };

  expect(inOwnWords(REASONS['version-ready'].remedy, template)).toBe(
    'Promote it with `promote coder/kubernetes`, or in Coder.',
  );
});
