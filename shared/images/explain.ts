import { createOverlayVault } from '../azure/key-vault/overlay.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { type CredentialState, secretNameOf } from '../credentials/state.ts';
import { unknownRegistry } from '../errors.ts';
import type { Registry } from '../records/registry.ts';
import { declareRegistry, refuseIfImpossible } from '../registries/put.ts';
import { type Prediction, predictImport } from './predict.ts';
import {
  type ImportInput,
  type RequestServices,
  requestedWords,
  sameOrRefused,
  toRegistryInput,
} from './request.ts';

/** What an import would do, found out without changing anything. */
export interface Explanation extends Prediction {
  registry: Registry;
}

/**
 * Runs the real import code on services that only read.
 * @throws RefusedError when there is no such registry, or the new one could not be added
 */
export async function explainImport(
  services: RequestServices,
  input: ImportInput,
  signal: AbortSignal,
): Promise<Explanation> {
  const requested = requestedWords(input);
  services.target.refuseRequest(requested);
  const vault = createOverlayVault(services.vault);
  const registry = await registryOf({ ...services, vault }, input, signal);
  const { repository, tag } = input;
  const previous = await services.images.get(registry.name, { repository, tag });
  const inDoubt = Object.keys({ ...previous?.requested, ...requested }).length > 0;
  const image = { registry: registry.name, repository, tag, heardBy: 'request', requested } as const;
  const request = { ...image, inDoubt, onlyToImport: true };
  return { registry, ...(await predictImport({ ...services, vault }, request, registry, previous, signal)) };
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
  const rotation = await explainFirst(services, declared);
  return { ...declared, rotation, createdOn: services.now(), updatedOn: services.now() };
}

/** Pretends that the first credential is issued: an explanation shows no passwords. */
async function explainFirst(
  { vault, now }: RequestServices,
  { name, credential, rotation }: Pick<Registry, 'name' | 'credential' | 'rotation'>,
): Promise<CredentialState> {
  if (!credentialKind(credential.kind).issuer) return rotation;
  const secretVersion = await vault.write(secretNameOf(name, {}), '***');
  return { current: { declared: credential, username: '***', secretVersion, issuedOn: now() } };
}
