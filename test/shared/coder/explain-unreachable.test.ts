import { expect, test } from 'vitest';
import { explainReach } from '../../../shared/coder/explain-unreachable.ts';
import { ServiceError } from '../../../shared/errors.ts';

test.each([
  ['CERT_HAS_EXPIRED', 'coder-certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'coder-certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'coder-certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'coder-certificate'],
  ['ENOTFOUND', 'coder-host-unknown'],
  ['EAI_AGAIN', 'coder-host-unknown'],
  ['ECONNREFUSED', 'coder-unavailable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'coder-unavailable'],
])('%s on the way to Coder → %s', (code, reason) => {
  const below = Object.assign(new Error('below'), { code });
  const cause = new TypeError('fetch failed', { cause: below });
  const error = new ServiceError('coder-unavailable', 'Coder: fetch failed', { cause });

  expect(explainReach(error, 'coder.example.com')).toMatchObject({ ok: false, reason });
});
