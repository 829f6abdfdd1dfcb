import { expect, test } from 'vitest';
import { tarOfFiles } from '../../../../../infra/local/folder-tar.ts';
import { MINUTE_MS, setUp } from './setup.ts';

const LIMITS = { api: 3, files: 2, login: 2 };

test('too many calls of one path are 429 until the minute is over, while other paths answer', async () => {
  const { call, controls } = await setUp({ switches: { limits: LIMITS } });
  const get = (path: string) => call('GET', path);
  const first = await get('/organizations');
  await get('/organizations');
  await get('/organizations');

  const refused = await get('/organizations');

  expect([first.headers.get('x-ratelimit-limit'), first.headers.get('x-ratelimit-remaining')]).toEqual([
    '3',
    '2',
  ]);
  expect(refused.status).toBe(429);
  expect(refused.json.message).toBe("You've been rate limited for sending more than 3 requests in 1m0s.");
  expect(refused.headers.get('retry-after')).toBe('60');
  expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
  expect(await get('/organizations/default')).toMatchObject({ status: 200 });
  controls.advance(MINUTE_MS);
  expect(await get('/organizations')).toMatchObject({ status: 200 });
});

test('each user has a limit of their own', async () => {
  const { call, people } = await setUp({ switches: { limits: { ...LIMITS, api: 1 } } });
  people.add({ username: 'ann' });

  expect(await call('GET', '/organizations')).toMatchObject({ status: 200 });
  expect(await call('GET', '/organizations', undefined, people.token('admin'))).toMatchObject({
    status: 429,
  });
  expect(await call('GET', '/organizations', undefined, people.token('ann'))).toMatchObject({ status: 200 });
});

test('a real Coder takes 512 calls of a path and 12 uploads a minute', async () => {
  const { call, request } = await setUp();
  const archive = tarOfFiles({ 'main.tf': '' });

  const answers = await Promise.all(Array.from({ length: 13 }, () => call('POST', '/files', archive)));

  expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
  const { headers } = await request('GET', '/api/v2/buildinfo', {});
  expect(headers.get('x-ratelimit-limit')).toBe('512');
});
