import type { Vault } from '../azure/key-vault/vault.ts';
import type { PlannedCall } from '../coder/target.ts';
import type { ImageRecord, StoredImage } from '../records/image.ts';
import type { Registry } from '../records/registry.ts';
import { type ImportRequest, type ImportServices, importOnce } from './import.ts';
import type { ImportFacts } from './step.ts';

export interface PredictServices
  extends Omit<ImportServices, 'registries' | 'mutex' | 'atMost' | 'importBudgetMs'> {
  vault: Pick<Vault, 'read'>;
}

/** What an import would do. */
export interface Prediction {
  facts: ImportFacts;
  /** The calls that would change something in Coder, in order. */
  calls: readonly PlannedCall[];
  /** The record that the import would write; absent when there is nothing to do and no record. */
  record: ImageRecord | undefined;
}

/** Runs the real import code on services that only read; the planned target takes no locks. */
export async function predictImport(
  services: PredictServices,
  request: ImportRequest,
  registry: Registry,
  previous: StoredImage | undefined,
  signal: AbortSignal,
): Promise<Prediction> {
  const { target, calls } = services.target.plan(registry, services.vault);
  const images = { ...services.images, save: async () => 'not-saved' };
  const readOnly = { ...services, images, publish: async () => {}, target };
  const known = { previous, stored: previous };
  const { facts, record } = await importOnce(readOnly, request, registry, known, signal);
  return { facts, calls, record };
}
