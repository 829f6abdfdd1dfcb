import { expect, test } from 'vitest';
import { findAddress } from '../../command/address.ts';

// What `npm start` wrote, or a shell read of it.
const LOCAL = { FUNCTIONS: 'http://127.0.0.1:7071', FUNCTION_KEY: 'local' };

test.each([
  ['nothing', {}, {}, { 'x-functions-key': 'local' }],
  ['a key as an option', { key: 'given' }, {}, { 'x-functions-key': 'given' }],
  ['a key in the environment', {}, { BRIDGE_KEY: 'given' }, { 'x-functions-key': 'given' }],
  ['a token', { token: 'given' }, {}, { authorization: 'Bearer given' }],
])('the bridge of npm start is asked with what is given: %s', async (_, given, environment, headers) => {
  const address = await findAddress(given, { ...LOCAL, ...environment });

  expect(address).toEqual({ url: LOCAL.FUNCTIONS, headers });
});
