import type { Arm } from '../azure/arm/registries.ts';
import type { Target } from '../coder/target.ts';
import type { Check } from '../lib/check.ts';
import type { Registries } from '../records/registry-table.ts';
import type { Settings } from '../settings.ts';
import { type AzureCheckServices, azureChecks } from './azure.ts';
import { type CredentialCheckServices, credentialChecks } from './credential.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type EventCheckServices, eventChecks } from './events.ts';
import { type IdentityCheckServices, identityCheck } from './identity.ts';
import { type RecordCheckServices, recordChecks } from './records.ts';
import { type RegistryCheckServices, registryChecks } from './registry.ts';
import { retentionCheck } from './retention.ts';
import { type StorageCheckServices, storageChecks } from './storage.ts';

/** The services that a diagnosis needs. */
export type DiagnosisServices = IdentityCheckServices &
  StorageCheckServices &
  RecordCheckServices &
  AzureCheckServices &
  RegistryCheckServices &
  CredentialCheckServices &
  EventCheckServices & { registries: Registries; arm: Arm; target: Target; settings: Settings };

/**
 * Every check of one diagnosis, each after those that it needs; the checks of one file share their calls. To add one,
 * add
 * an entry to the file of its subject.
 */
export function listChecks(services: DiagnosisServices): Check<Diagnosis>[] {
  return [
    identityCheck(services),
    ...storageChecks(services),
    ...recordChecks(services),
    ...azureChecks(services),
    ...registryChecks(services),
    ...(services.settings.CODER_GENERATION === 'v2' ? [retentionCheck] : []),
    ...services.target.checks(),
    ...credentialChecks(services),
    ...eventChecks(services),
  ];
}
