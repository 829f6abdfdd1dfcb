import { expect, test } from 'vitest';

test('a call off this machine fails the test that makes it', async () => {
  const error = await fetch('http://192.0.2.1/').catch((reason: unknown) => reason);

  expect(String((error as Error).cause ?? error)).toContain('stand-ins on loopback only');
});
