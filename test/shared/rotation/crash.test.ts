import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTenant, type Tenant } from '../../../infra/local/tenant.ts';
import { crashEverywhere } from './crash.ts';
import { KINDS } from './world.ts';

// A sample; test/scale tries every point.

const STEP = 23;

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
afterAll(() => tenant.close());

test.each(KINDS)(
  'a rotation of kind %s that is cut off never leaves Coder with what is refused',
  async kind => {
    const points = await crashEverywhere(kind, tenant, STEP);

    console.log(`rotation of ${kind}: stopped at ${points} points`);
    expect(points).toBeGreaterThan(1);
  },
);
