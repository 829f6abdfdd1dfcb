import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTenant, type Tenant } from '../../../infra/local/tenant.ts';
import { crashEverywhere } from './crash.ts';

// A sample; test/crash tries every kind, and every point of it.

const STEP = 23;

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
afterAll(() => tenant.close());

test.each(['admin', 'token'] as const)(
  'a rotation of kind %s that is cut off never leaves Coder with what is refused',
  async kind => {
    const points = await crashEverywhere(kind, tenant, STEP);

    console.log(`rotation of ${kind}: stopped at ${points} points`);
    expect(points).toBeGreaterThan(1);
  },
);
