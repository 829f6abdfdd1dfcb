import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { FORMS } from '../../../../infra/local/quotes.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';
import { shownIn } from '../../../support/shown-secrets.ts';

// The identity endpoint is sent one secret, the header that proves the caller to be the app. It is asked once for each
// audience in the life of a process, so that the test of all routes does not meet it.

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

test.each(Object.keys(FORMS))(
  'an identity endpoint that quotes its header %s is not quoted',
  async quotes => {
    const { secrets, standIns } = bridge.cloud;
    const app = bridge.anotherInstance({ ARM_AUDIENCE: `https://${randomUUID()}.example` });
    standIns.entra.faults.add({ path: '/msi/token', status: 400, quotes });

    const call = app.arm.findRegistryId('unknown.azurecr.io', AbortSignal.timeout(20_000));
    const refusal = await call.then(String, ({ message }: Error) => message);

    expect(refusal).toContain('refused: ');
    expect(shownIn(refusal, secrets.all())).toEqual([]);
  },
);
