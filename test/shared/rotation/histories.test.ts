import { expect, test } from 'vitest';
import { tryHistories } from './histories.ts';
import { KINDS } from './model/bridge.ts';

// A part of the histories; test/crash tries more of them, and others each time.

const HISTORIES = Number(process.env.HISTORIES ?? 40);
const SEED = Number(process.env.SEED ?? 1);

test.each(KINDS)(
  'whatever happens, the bridge takes from no Coder what it holds: %s',
  async kind => {
    const counts = await tryHistories(kind, HISTORIES, SEED);

    console.log(`histories of ${kind}: ${JSON.stringify(counts)}`);
    expect(counts.histories).toBe(HISTORIES);
  },
  1_800_000,
);
