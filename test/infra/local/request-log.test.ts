import { expect, onTestFinished, test } from 'vitest';
import { createRequestLog } from '../../../infra/local/request-log.ts';
import { createSecrets } from '../../../infra/local/secrets.ts';
import { startStandIn } from '../../../infra/local/stand-in.ts';

/** A server whose requests stay under way until they are released. */
async function startGate() {
  const waiting: (() => void)[] = [];
  const standIn = await startStandIn({
    secrets: createSecrets(),
    routes: [
      {
        method: 'GET',
        path: /^\/gate$/,
        async handle() {
          await new Promise<void>(resolve => waiting.push(resolve));
          return { status: 200 };
        },
      },
    ],
  });
  onTestFinished(() => standIn.close());
  const call = (init: RequestInit = {}) => fetch(`${standIn.url}/gate`, init);
  const release = () => waiting.splice(0).forEach(open => void open());
  const arrived = (count: number) => expect.poll(() => waiting.length, { interval: 2 }).toBe(count);
  const underWay = () => {
    standIn.requests.clear();
    return standIn.requests.peak();
  };
  return { standIn, call, arrived, release, underWay };
}

test('the peak is the most requests under way at once, until the log is cleared', async () => {
  const { standIn, call, arrived, release } = await startGate();
  const together = [call(), call(), call()];
  await arrived(3);
  release();
  await Promise.all(together);
  for (let i = 0; i < 5; i++) {
    const alone = call();
    await arrived(1);
    release();
    await alone;
  }
  expect(standIn.requests.peak()).toBe(3);

  const open = call();
  await arrived(1);
  standIn.requests.clear();
  expect(standIn.requests.peak()).toBe(1);
  release();
  await open;
});

test('the peak counts requests that a fault holds up, and none of those that steer', async () => {
  const { standIn } = await startGate();
  standIn.faults.add({ delayMs: 300, status: 503 });
  const steering = [1, 2, 3, 4].map(() => fetch(`${standIn.url}/_stand-in/requests`));
  await Promise.all([fetch(`${standIn.url}/a`), fetch(`${standIn.url}/b`), ...steering]);

  expect(standIn.requests.peak()).toBe(2);
});

test.each([
  ['cut by the server', { drop: 'before' as const }],
  ['cut by the server when the work is done', { drop: 'after' as const, path: '/none' }],
])('a request that is %s is no longer under way', async (_, fault) => {
  const { standIn, underWay } = await startGate();
  standIn.faults.add(fault);
  for (let i = 0; i < 3; i++) await expect(fetch(`${standIn.url}/none`)).rejects.toThrow();

  expect(standIn.requests.peak()).toBe(1);
  await expect.poll(underWay, { interval: 2 }).toBe(0);
});

test('a request whose caller left is no longer under way', async () => {
  const { call, arrived, underWay } = await startGate();
  const leaving = new AbortController();
  const left = call({ signal: leaving.signal });
  await arrived(1);
  leaving.abort();
  await expect(left).rejects.toThrow();

  await expect.poll(underWay, { interval: 2 }).toBe(0);
});

test('the log keeps the newest 20,000 requests', () => {
  const log = createRequestLog(createSecrets());
  for (let i = 0; i < 20_003; i++) {
    const url = new URL(`http://localhost/${i}`);
    log.end(log.begin({ method: 'GET', url, headers: {}, body: Buffer.alloc(0), params: [] }));
  }

  expect(log.all()).toHaveLength(20_000);
  expect([log.all()[0]?.path, log.all().at(-1)?.path]).toEqual(['/3', '/20002']);
  expect(log.peak()).toBe(1);
});
