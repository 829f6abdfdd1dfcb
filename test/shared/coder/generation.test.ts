import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { diagnose } from '../../../shared/diagnostics/diagnose.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';
import { coderOf } from '../../support/coder-v2.ts';

let bridge: Bridge;

beforeAll(async () => {
  // Coder Classic runs in this cloud too.
  bridge = await startBridge({ coderGeneration: 'v2' });
  await bridge.put();
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

const coders = () => ({ v2: coderOf(bridge.cloud), classic: bridge.cloud.standIns.coder });

/** What a bridge for one generation says about the Coder that is at CODER_URL. */
async function reach(CODER_GENERATION: 'v2' | 'classic', at: { url: string }) {
  const services = bridge.anotherInstance({ CODER_GENERATION, CODER_URL: at.url });
  const findings = await diagnose(services, 'contoso', AbortSignal.timeout(20_000));
  return findings.find(({ check }) => check === 'coder-reachable');
}

/** Coder answers a path that it does not have with its web page, or with 404. */
const ANSWERS = [
  ['404', undefined],
  ['a page', { status: 200, body: '<!doctype html>' }],
] as const;

test.each(ANSWERS)(
  'a bridge for v2 says that Coder Classic is there, which answers v2 paths with %s',
  async (_, answer) => {
    const { classic } = coders();
    if (answer) classic.faults.add({ path: '^/api/v2/', ...answer });

    expect(await reach('v2', classic)).toMatchObject({
      reason: 'coder-generation-wrong',
      remedy: expect.stringContaining('Set CODER_GENERATION to classic'),
    });
  },
);

test.each(ANSWERS)(
  'a bridge for Classic says that Coder v2 is there, which answers v0 paths with %s',
  async (_, answer) => {
    const { v2 } = coders();
    if (answer) v2.faults.add({ path: '^/api/v0/', ...answer });

    expect(await reach('classic', v2)).toMatchObject({
      reason: 'coder-generation-wrong',
      remedy: expect.stringContaining('Set CODER_GENERATION to v2'),
    });
  },
);

test.each(['v2', 'classic'] as const)(
  'a bridge for %s is content with that, and says of others that they are no Coder',
  async generation => {
    const coder = coders()[generation];
    expect(await reach(generation, coder)).toMatchObject({ reason: 'ok' });

    coder.faults.add({ status: 200, body: '<!doctype html>' });
    expect(await reach(generation, coder)).toMatchObject({ reason: 'coder-not-there' });
  },
);
