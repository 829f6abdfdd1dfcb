import { rehearseVault } from '../azure/overlay-vault.ts';
import type { PlannedCall } from '../coder/target.ts';
import { credentialKind } from '../credentials/credential.ts';
import { type Rotation, secretNameOf } from '../credentials/state.ts';
import { unknownRegistry } from '../errors.ts';
import type { ImageRecord } from '../records/image.ts';
import type { Registry } from '../records/registry.ts';
import { declareRegistry, refuseIfImpossible } from '../registries/put.ts';
import { attempt, type ImageToImport } from './attempt.ts';
import type { ImportFacts } from './decide.ts';
import { toRecord } from './outcome.ts';
import {
  type ImportInput,
  type RequestServices,
  requestedDefaults,
  sameOrRefused,
  toRegistryInput,
} from './request.ts';

/** What an import would do, found out without doing it. */
export interface Explanation {
  facts: ImportFacts;
  registry: Registry;
  /** Calls to Coder that would change something, in order. */
  calls: readonly PlannedCall[];
  /** The record as it would be; absent when there is nothing to do and nothing known. */
  record: ImageRecord | undefined;
}

/**
 * Rehearses an import with the code that does it: the registry and Coder are read, and nothing is changed anywhere.
 * @throws RefusedError when there is no such registry, or the new one could not be added
 */
export async function explainImport(
  services: RequestServices,
  input: ImportInput,
  signal: AbortSignal,
): Promise<Explanation> {
  const vault = rehearseVault(services.vault);
  const registry = await registryOf({ ...services, vault }, input, signal);
  const { repository, tag } = input;
  const record = await services.images.get(registry.name, { repository, tag });
  const requested = { ...record?.requested, ...requestedDefaults(input) };
  const pushedOn = record?.pushedOn ?? services.now();
  const image: ImageToImport = { registry, repository, tag, pushedOn, heardBy: 'request', requested };
  const { target, calls } = services.target.rehearse(registry, vault);
  const inDoubt = Object.keys(requested).length > 0;
  const known = { record, inDoubt, onlyToImport: true, beforeActing: async () => {} };
  const { facts, outcome } = await attempt({ ...services, target }, image, known, signal);
  return { facts, registry, calls, record: outcome ? toRecord(services, image, record, outcome) : record };
}

async function registryOf(
  services: RequestServices,
  { registry: name, newRegistry }: ImportInput,
  signal: AbortSignal,
): Promise<Registry> {
  const known = await services.registries.get(newRegistry?.name ?? (name as string));
  if (!newRegistry) {
    if (!known) throw unknownRegistry(name as string);
    return known;
  }
  const { name: newName, ...added } = newRegistry;
  const input = await toRegistryInput(services, added, signal);
  if (known) return sameOrRefused(known, input);
  await refuseIfImpossible(services, newName, input, undefined);
  const declared = await declareRegistry(services, newName, input, undefined, signal);
  const rotation = await rehearseFirst(services, declared);
  return { ...declared, rotation, createdOn: services.now(), updatedOn: services.now() };
}

/** As if the first credential had been issued: whoever rehearses shows no passwords. */
async function rehearseFirst(
  { vault, now }: RequestServices,
  { name, credential, rotation }: Pick<Registry, 'name' | 'credential' | 'rotation'>,
): Promise<Rotation> {
  if (!credentialKind(credential.kind).issuer) return rotation;
  const secretVersion = await vault.write(secretNameOf(name), '***');
  return { current: { declared: credential, username: '***', secretVersion, issuedOn: now() } };
}
