import { expect, test } from 'vitest';
import { claimsOf } from '../../../shared/lib/jwt.ts';

test('gives the claims of a token', () => {
  const payload = Buffer.from('{"exp":1,"name":"ü?>"}').toString('base64url');

  expect(claimsOf(`header.${payload}.signature`)).toEqual({ exp: 1, name: 'ü?>' });
});

test.each(['', 'secret', 'a.secret.b'])('an error about %o, which is no token, does not quote it', text => {
  expect(() => claimsOf(text)).toThrow(/^It is not a JSON Web Token\.$/);
});
