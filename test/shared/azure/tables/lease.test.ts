import { beforeEach, expect, test } from 'vitest';
import { createLease, isHeld, type Leasable } from '../../../../shared/azure/tables/lease.ts';
import { ConflictError } from '../../../../shared/errors.ts';

const LEASE_MS = 30_000;
let now: Date;
let stored: Leasable<string>;
let writes: number;

beforeEach(() => {
  now = new Date('2026-01-31T08:00:00Z');
  stored = { content: '', etag: undefined };
  writes = 0;
});

const read = async () => stored;
const after = (ms: number) => new Date(now.getTime() + ms);
const lease = createLease<string>(
  async changed => {
    if (changed.etag !== stored.etag) throw new ConflictError('The row was changed in between.');
    writes += 1;
    stored = { ...changed, etag: String(writes) };
    return String(writes);
  },
  () => now,
  LEASE_MS,
);

test('it is taken once, and is free again when it is released', async () => {
  const found = await read();
  const taken = await lease.take(found);

  expect(taken).toMatchObject({ leaseUntil: after(LEASE_MS), wasAbandoned: false });
  expect(isHeld(stored, now)).toBe(true);
  expect(await lease.take(found)).toBeUndefined();
  expect(await lease.take(stored)).toBeUndefined();
  expect(writes).toBe(1);

  await lease.release({ ...stored, content: 'done' });
  expect(stored).toMatchObject({ content: 'done', leaseUntil: undefined });
  expect(await lease.take(stored)).toMatchObject({ wasAbandoned: false });
});

test('each save holds it for the whole time again', async () => {
  const taken = (await lease.take(stored)) as Leasable<string>;
  now = after(LEASE_MS - 1);
  const saved = await lease.save({ ...taken, content: 'half' });

  now = after(LEASE_MS - 1);
  expect(isHeld(stored, now)).toBe(true);
  await lease.release(saved);
  expect(stored).toMatchObject({ content: 'half' });
});

test('one that ran out was abandoned, and its holder changes nothing any more', async () => {
  const first = (await lease.take(stored)) as Leasable<string>;
  now = after(LEASE_MS);

  expect(await lease.take(stored)).toMatchObject({ wasAbandoned: true });
  await expect(lease.save(first)).rejects.toThrow(ConflictError);
  await expect(lease.release(first)).rejects.toThrow(ConflictError);
});

test('who waits takes it when it is free, or gives up when the time is over', async () => {
  const first = (await lease.take(stored)) as Leasable<string>;
  expect(await lease.waitToTake(read, AbortSignal.timeout(50))).toBeUndefined();

  const waiting = lease.waitToTake(read, AbortSignal.timeout(20_000));
  await lease.release({ ...first, content: 'released' });

  expect(await waiting).toMatchObject({ content: 'released' });
});

test('what is not a conflict is thrown', async () => {
  const failing = createLease<string>(
    () => Promise.reject(new Error('down')),
    () => now,
    LEASE_MS,
  );

  await expect(failing.take(stored)).rejects.toThrow('down');
});
