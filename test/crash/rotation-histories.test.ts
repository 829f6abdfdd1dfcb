import { describe, expect, test } from 'vitest';
import { startReport } from '../scale/live-app.ts';
import { crashInHistories, liveTogether, tryHistories } from '../shared/rotation/histories.ts';
import { KINDS } from '../shared/rotation/model/bridge.ts';
import { PART, partOf } from '../support/part.ts';

// Two deployments of the bridge at one registry, in a model of Azure and Coder without a network, so that thousands of
// histories can be tried. The same ones each time, so that no change is refused by chance: SEED=$RANDOM tries others.

const HISTORIES = Number(process.env.HISTORIES ?? partOf(1_000));
const SEED = Number(process.env.SEED ?? 1);
const EVERY = Math.round(1 / PART);
const DAYS = partOf(30);

test.each(KINDS)('no Coder loses what it holds by the bridge, whatever happens: %s', async kind => {
  const report = startReport('rotation');

  const counts = await tryHistories(kind, HISTORIES, SEED);

  report(`${kind}: random histories from SEED=${SEED}: ${JSON.stringify(counts)}`);
  expect(counts.histories).toBe(HISTORIES);
});

test.each(KINDS)('nor where a rotation is cut off, whatever follows: %s', async kind => {
  const report = startReport('rotation');

  const counts = await crashInHistories(kind, EVERY, 1 + (SEED % EVERY));

  report(`${kind}: histories with a crash at every call: ${JSON.stringify(counts)}`);
  expect(counts.crashes).toBeGreaterThan(0);
});

describe.each(['key-vault', 'pull'] as const)('with the delivery %s', holding => {
  test.each(KINDS)('no copy loses what it has before the time in which it is renewed: %s', async kind => {
    const report = startReport('rotation');

    const counts = await tryHistories(kind, HISTORIES, SEED, holding);

    report(`${kind} by ${holding}: random histories from SEED=${SEED}: ${JSON.stringify(counts)}`);
    expect(counts.histories).toBe(HISTORIES);
  });
});

test.each(['token', 'service-principal', 'entra-identity'] as const)(
  'two deployments live beside each other at one registry for a month: %s',
  async kind => {
    const report = startReport('rotation');

    const { looks, refused } = await liveTogether(kind, DAYS);

    report(`${kind}: ${looks} looks in ${DAYS} days, ${refused} of them refused`);
    expect(refused).toBe(0);
  },
);
