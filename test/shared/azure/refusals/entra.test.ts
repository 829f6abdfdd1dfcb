import { expect, test } from 'vitest';
import { entraRefusal, explainEntra } from '../../../../shared/azure/refusals/entra.ts';

test.each([
  [
    'AADSTS700024: Client assertion is not within its valid time range. Current time: 2026-01-01T12:00:00Z',
    'assertion-expired',
    /Restart the app/,
  ],
  [
    'AADSTS700016: Application with identifier x was not found in the directory',
    'identity-unknown',
    /az ad sp show/,
  ],
  [
    "AADSTS700211: No matching federated identity record found for presented assertion issuer 'x'",
    'federated-credential-missing',
    /issuer/,
  ],
  [
    'AADSTS700213: No matching federated identity record found for presented assertion subject',
    'federated-credential-missing',
    /subject/,
  ],
  ['AADSTS90002: Tenant x not found.', 'tenant-unknown', /AZURE_TENANT_ID/],
  [
    'AADSTS53003: Access has been blocked by Conditional Access policies.',
    'conditional-access',
    /Conditional|exclude/,
  ],
  ['AADSTS7000112: Application is disabled.', 'identity-unknown', /accountEnabled/],
])('%s', (text, reason, remedy) => {
  expect(explainEntra(text, 'client-1')).toMatchObject({
    reason,
    message: expect.stringContaining(text),
    remedy: expect.stringMatching(remedy),
    retryable: false,
  });
});

test('is told from the service that a token was for', () => {
  const error = Object.assign(
    new Error('AADSTS700024: Client assertion is not within its valid time range.'),
    {
      name: 'AuthenticationError',
      statusCode: 401,
    },
  );

  expect(entraRefusal(error)).toMatchObject({ reason: 'token-refused', retryable: false });
  expect(entraRefusal(Object.assign(new Error('no'), { statusCode: 401 }))).toBeUndefined();
});
