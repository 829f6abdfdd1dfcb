import { credentialKind } from '../credentials/kinds/all.ts';
import { describe, unknownRegistry } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { timeLimit } from '../lib/time-limit.ts';
import type { ImageRecord } from '../records/image.ts';
import type { Registry, StoredRegistry } from '../records/registry.ts';
import { deleteRegistry } from '../registries/delete.ts';
import { type PutResult, putRegistry } from '../registries/put.ts';
import { issueContext, revoke } from '../rotation/issuing.ts';
import { createRun } from '../rotation/run.ts';
import { explainImport } from './explain.ts';
import { importAndFollow } from './follow.ts';
import type { ImportRequest, ImportResult } from './import.ts';
import {
  type ImportInput,
  type RequestServices,
  requestedWords,
  sameOrRefused,
  toRegistryInput,
} from './request.ts';

/**
 * Imports one image now, as its registry's policy says. An image that the policy does not import leaves no record, and
 * one that is refused leaves no registry that this call added.
 *
 * @throws RefusedError when there is no such registry, or the new one cannot be added
 * @throws StorageError when the outcome could not be written
 */
export async function importRequested(
  services: RequestServices,
  input: ImportInput,
  signal: AbortSignal,
  log: Log,
): Promise<ImportResult & { registry: Registry }> {
  const requested = requestedWords(input);
  services.target.refuseRequest(requested);
  const isNew = input.newRegistry && !(await services.registries.get(input.newRegistry.name));
  // Nothing is made for an image that the registry does not have.
  const foreseen = isNew ? await explainImport(services, input, signal) : undefined;
  if (foreseen && isRefused(foreseen.record)) return { ...foreseen, changed: false };

  const { registry, created } = await registryOf(services, input, signal, log);
  const request: ImportRequest = {
    ...{ registry: registry.name, repository: input.repository, tag: input.tag, requested },
    heardBy: 'request',
    inDoubt: Object.keys(requested).length > 0,
    onlyToImport: true,
  };
  const budget = timeLimit(services.importBudgetMs, signal);
  const result = await importAndFollow(services, request, budget, log);
  if (created && isRefused(result.record)) await removeAgain(services, registry.name, signal, log);
  return { ...result, registry };
}

function isRefused(record: ImageRecord | undefined): boolean {
  return record !== undefined && record.state !== 'imported' && record.state !== 'pending';
}

/** The registry that was added, or that this call adds. */
async function registryOf(
  services: RequestServices,
  { registry: known, newRegistry }: ImportInput,
  signal: AbortSignal,
  log: Log,
): Promise<PutResult> {
  const found = await services.registries.get(newRegistry?.name ?? (known as string));
  if (!newRegistry) {
    if (!found) throw unknownRegistry(known as string);
    return { registry: found, created: false };
  }
  const { name, ...added } = newRegistry;
  const input = await toRegistryInput(services, added, signal);
  if (found) return { registry: sameOrRefused(found, input), created: false };
  return putRegistry(services, name, input, {}, signal, log);
}

/** Removes the registry that this call added, with what was issued and stored for it. */
async function removeAgain(
  services: RequestServices,
  name: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  try {
    const added = await services.registries.get(name);
    if (added) await revokeIssued(services, added, signal, log);
    await deleteRegistry(services, name, {});
    if (added) await unmake(services, added, signal, log);
  } catch (error) {
    log.warn('registry not removed', { registry: name, message: describe(error) });
  }
}

async function unmake(
  services: RequestServices,
  registry: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { issuer } = credentialKind(registry.credential.kind);
  await issuer?.unmake?.(registry.credential, issueContext(createRun(services, registry, signal, log)));
}

/** Only what was issued ends: the administrator's passwords were there before, and others may use them. */
async function revokeIssued(
  services: RequestServices,
  registry: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { current } = registry.rotation;
  if (!current?.slot || !current.expiresOn) return;
  await revoke(createRun(services, { ...registry, rotation: {} }, signal, log), current);
}
