import { startTenant, type Tenant } from '../../infra/local/tenant.ts';

let started: Promise<Tenant> | undefined;

/** The tenant of every cloud in this process, for the reason that `Tenant` gives; it ends with the process. */
export function sharedTenant(): Promise<Tenant> {
  started ??= startTenant();
  return started;
}
