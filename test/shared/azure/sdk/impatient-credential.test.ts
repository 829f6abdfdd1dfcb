import type { AccessToken, TokenCredential } from '@azure/identity';
import { expect, test } from 'vitest';
import { impatient } from '../../../../shared/azure/sdk/impatient-credential.ts';

const MINUTE_MS = 60_000;
const tokenFor = (token: string, minutes: number): AccessToken => ({
  token,
  expiresOnTimestamp: Date.now() + minutes * MINUTE_MS,
});
const hangs = new Promise<never>(() => undefined);

/** A credential that gives these one after the other. */
function giving(...tokens: Promise<AccessToken>[]): TokenCredential {
  return impatient({ getToken: () => tokens.shift() ?? hangs }, 50);
}

test('a token that does not come is given up, and the next one is asked for anew', async () => {
  const credential = giving(hangs, Promise.resolve(tokenFor('late', 60)));

  await expect(credential.getToken('a')).rejects.toThrow('The managed identity gave no token in 0.05 s.');
  expect((await credential.getToken('a'))?.token).toBe('late');
});

test.each([
  ['that lives', 60, 'a', 'earlier'],
  ['that ends', 0.5, 'a', undefined],
  ['for something else', 60, 'b', undefined],
])('meanwhile a token %s serves or does not', async (_, minutes, scope, expected) => {
  const credential = giving(Promise.resolve(tokenFor('earlier', minutes)));
  await credential.getToken('a');

  const token = await credential.getToken(scope).catch(() => undefined);
  expect(token?.token).toBe(expected);
});

test('what the identity refuses is refused, whatever it gave before', async () => {
  const credential = giving(
    Promise.resolve(tokenFor('earlier', 60)),
    Promise.reject(new Error('no such identity')),
  );
  await credential.getToken('a');

  await expect(credential.getToken('a')).rejects.toThrow('no such identity');
});
