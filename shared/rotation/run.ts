import type { Acr } from '../azure/acr/client.ts';
import type { ProvePull } from '../azure/acr/tokens.ts';
import type { ArmCredentials } from '../azure/arm/credentials.ts';
import type { Publish } from '../azure/event-grid.ts';
import type { Graph } from '../azure/graph.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import type { CredentialHolder } from '../credentials/holder.ts';
import type { IssueContext } from '../credentials/kind.ts';
import type { Log } from '../lib/log.ts';
import type { StoredRegistry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';
import { createRotationLease, type RotationLease } from './lease.ts';
import { createLoginTests, type LoginTests } from './login-tests.ts';
import { createNotices, type Notices } from './notices.ts';

export interface RotationServices {
  registries: Registries;
  /** Id of this deployment of the bridge; undefined on a laptop. */
  deploymentId: string | undefined;
  vault: Vault;
  acr: Acr;
  /** What pulls with the credential. */
  holder: CredentialHolder;
  armCredentials: ArmCredentials;
  graph: Graph;
  exchange: IssueContext['exchange'];
  provePull: ProvePull;
  publish: Publish;
  now: () => Date;
  /** Waits, but ends early when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** What the steps of one run over one registry share. */
export interface Run {
  services: RotationServices;
  /** The registry's record with the lease on it. */
  lease: RotationLease;
  tests: LoginTests;
  notices: Notices;
  signal: AbortSignal;
}

export function createRun(
  services: RotationServices,
  found: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Run {
  const lease = createRotationLease(services.registries, found, services.now);
  const tests = createLoginTests(services, lease.registry, signal);
  const notices = createNotices(services.publish, found.name, log);
  return { services, lease, tests, notices, signal };
}
