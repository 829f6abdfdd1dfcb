import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTenant, type Tenant } from '../../infra/local/tenant.ts';
import { startReport } from '../scale/live-app.ts';
import { crashEverywhere } from '../shared/rotation/crash.ts';
import { KINDS } from '../shared/rotation/world.ts';

// Every point at which a rotation can be cut off.

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
afterAll(() => tenant.close());

test.each(KINDS)('a rotation of kind %s can be cut off at each of its calls', async kind => {
  const report = startReport('rotation');

  const points = await crashEverywhere(kind, tenant, 1);

  report(`${kind}: stopped at ${points} points`);
  expect(points).toBeGreaterThan(20);
});
