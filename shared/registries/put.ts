import { isDeepStrictEqual } from 'node:util';
import type { HostCheck } from '../azure/acr/allowed-hosts.ts';
import type { Login } from '../azure/acr/tokens.ts';
import type { Arm } from '../azure/arm/registries.ts';
import { normalizeRegistryId } from '../azure/arm/resource-id.ts';
import type { LeasedTable } from '../azure/tables/leased-rows.ts';
import type { Target } from '../coder/target.ts';
import { RegistryWords } from '../coder/words.ts';
import { credentialKind, declaredOf } from '../credentials/kinds/all.ts';
import { forgetLeftOver } from '../credentials/secrets.ts';
import { type CredentialState, credentialsOf, type Declared, unconfirmed } from '../credentials/state.ts';
import { ConflictError, ignoreRefusal, RefusedError, UnreadableRowError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { timeLimit } from '../lib/time-limit.ts';
import { withoutUndefined } from '../lib/without-undefined.ts';
import type { Images } from '../records/image-table.ts';
import type { Registry, RegistryInput, StoredRegistry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';
import type { Summaries } from '../records/summary-table.ts';
import { isSameSource } from '../rotation/azure-facts.ts';
import { rotate } from '../rotation/rotate.ts';
import type { RotationServices } from '../rotation/run.ts';
import { describeReachable } from './access.ts';
import { checkPrecondition, outdated, type Precondition } from './precondition.ts';
import { readStored } from './stored.ts';

/** The services that adding, changing and removing a registry need. */
export interface RegistryServices extends RotationServices {
  images: Images;
  summaries: Summaries;
  leasedRows: LeasedTable;
  target: Target;
  arm: Arm;
  isAllowedHost: HostCheck;
  acceptsLogin(loginServer: string, login: Login, signal: AbortSignal): Promise<boolean>;
  importBudgetMs: number;
}

/** Number of attempts after which a PUT gives up. */
const MOST_CONFLICTS = 5;

export interface PutResult {
  registry: StoredRegistry;
  created: boolean;
}

/**
 * Adds or changes the registry: asks ARM and the registry itself whether the declaration can work, stores the credential,
 * then the record, and starts to issue the credential for Coder. Repeating a declaration changes nothing. A record that
 * cannot be read is replaced: what it said of earlier credentials is lost.
 *
 * @throws RefusedError when it cannot work, with what to do about it; the registry's record does not change
 * @throws CredentialError when the credential cannot be issued, or not be delivered as declared; nor does it then
 * @throws ServiceError when Key Vault or the registry does not answer
 * @throws ConflictError when other calls keep changing the registry's record
 */
export async function putRegistry(...call: Parameters<typeof putOnce>): Promise<PutResult> {
  for (let conflicts = 0; ; conflicts += 1) {
    try {
      return await putOnce(...call);
    } catch (error) {
      // Mostly a rotation that made progress: decide again on the new record.
      if (!(error instanceof ConflictError) || conflicts === MOST_CONFLICTS) throw error;
    }
  }
}

async function putOnce(
  services: RegistryServices,
  name: string,
  input: RegistryInput,
  precondition: Precondition,
  signal: AbortSignal,
  log: Log,
): Promise<PutResult> {
  const stored = await readStored(services.registries, name);
  checkPrecondition(stored, precondition);
  const previous = stored instanceof UnreadableRowError ? undefined : stored;
  await refuseIfImpossible(services, name, input, previous);

  const declared = await declareRegistry(services, name, input, previous, signal);
  if (previous && isSame(previous, declared)) return { registry: previous, created: false };

  // Before the record says so: the old place is kept up to date until the new one is filled.
  if (!isDeepStrictEqual(previous?.delivery, declared.delivery))
    await services.holder.prepare(declared, signal);

  const now = services.now();
  const registry = { ...declared, createdOn: previous?.createdOn ?? now, updatedOn: now };
  const etag = await save(services, registry, stored, precondition);
  // Delivers a changed credential to Coder now; if Coder does not answer, the next sweep does it.
  const soon = timeLimit(services.importBudgetMs, signal);
  if (credentialKind(registry.credential.kind).issuer || registry.rotation.earlier) {
    await rotate(services, name, soon, log);
    return { registry: (await services.registries.get(name)) ?? { ...registry, etag }, created: !stored };
  }
  await services.holder.deliver(registry, soon).catch(ignoreRefusal);
  const kept = credentialsOf(registry.rotation);
  await forgetLeftOver(services.vault, name, services.deploymentId, kept, now).catch(ignoreRefusal);
  return { registry: { ...registry, etag }, created: !stored };
}

/** The registry's record from the declaration and from Azure. Stores the secret. @throws as `putRegistry` does */
export async function declareRegistry(
  services: RegistryServices,
  name: string,
  input: RegistryInput,
  previous: StoredRegistry | undefined,
  signal: AbortSignal,
): Promise<Omit<Registry, 'createdOn' | 'updatedOn'>> {
  const azure = await describeReachable(services, input.resourceId, signal);
  const { loginServer, sku } = azure;
  const credential = declaredOf(input.credential, services.deploymentId);
  const registry = { name, resourceId: input.resourceId, loginServer, policy: input.policy };
  const { armCredentials: arm, graph, deploymentId } = services;
  const kept = credentialsOf(previous?.rotation ?? {});
  const context = { registry, arm, graph, deploymentId, kept, signal };
  await services.target.refuseFound?.({ ...input, name, credential, loginServer }, previous, signal);
  await credentialKind(credential.kind).check?.(credential, azure, context);
  const rotation = await rotationFor(services, name, input, loginServer, previous, signal);
  return withoutUndefined<Omit<Registry, 'createdOn' | 'updatedOn'>>({
    ...{ name, resourceId: input.resourceId, loginServer, sku, credential, rotation },
    ...RegistryWords.parse(input),
    delivery: input.delivery,
    policy: input.policy,
    suspended: input.suspended || undefined,
    pinned: input.pinned || undefined,
    reconcileEveryMinutes: input.reconcileEveryMinutes,
  });
}

/** Refuses a declaration that contradicts the records. */
export async function refuseIfImpossible(
  { registries, target, deploymentId }: RegistryServices,
  name: string,
  input: RegistryInput,
  previous: StoredRegistry | undefined,
): Promise<void> {
  const resourceId = normalizeRegistryId(input.resourceId);
  if (previous && normalizeRegistryId(previous.resourceId) !== resourceId) {
    const message = `${name} is another registry, ${previous.resourceId}. DELETE it first, or choose another name.`;
    throw new RefusedError('registry-changed', message);
  }
  const other = previous ? undefined : await otherWithId(registries, name, resourceId);
  if (other && other.name !== name) {
    throw new RefusedError(
      'registry-already-added',
      `This registry was added already. PUT /api/registries/${other.name} changes it.`,
    );
  }
  await target.refuse({ ...input, name, credential: declaredOf(input.credential, deploymentId) }, previous);
}

/** @throws UnreadableRowError when it is another registry whose record cannot be read */
async function otherWithId(registries: Registries, name: string, resourceId: string) {
  const isThisOne = (error: unknown) => error instanceof UnreadableRowError && error.rowKey === name;
  return registries.findByResourceId(resourceId).catch((error: unknown) => {
    if (isThisOne(error)) return undefined;
    throw error;
  });
}

/**
 * The state of the rotation after the declaration. For a kind that the bridge issues, Coder keeps its credential until the
 * first new one is tested; a password that a person supplies replaces it at once.
 */
async function rotationFor(
  { vault, acceptsLogin, holder, now, deploymentId }: RegistryServices,
  registryName: string,
  { credential }: RegistryInput,
  loginServer: string,
  previous: StoredRegistry | undefined,
  signal: AbortSignal,
): Promise<CredentialState> {
  const before = previous?.rotation ?? {};
  const { issuer, supplied } = credentialKind(credential.kind);
  if (issuer) return stateFor(declaredOf(credential, deploymentId), previous);
  const { current, candidate, earlier = [] } = before;
  const isIssued = current !== undefined && credentialKind(current.declared.kind).issuer !== undefined;
  if (isIssued && (candidate || earlier.length > 0)) {
    const ends = unconfirmed(before).length > 0 ? undefined : earlier[0]?.revokeOn?.toISOString();
    const message = ends
      ? `The bridge revokes the previous credential on ${ends}; until then the kind cannot change. POST /api/registries/${registryName}/rotate?compromised=true does not wait for that.`
      : 'A rotation of its credential is under way. Try again when GET no longer shows rotation.step.';
    throw new RefusedError('registry-busy', message);
  }
  const { current: _, ...kept } = before;
  if (!supplied) {
    // Coder never gets another one from the bridge, so nothing confirms that this one is not used any more.
    const minutesInUse = previous ? holder.minutesInUse(previous) : 0;
    const revokeOn = new Date(now().getTime() + minutesInUse * 60_000);
    return isIssued ? { ...kept, earlier: [{ ...current, revokeOn }] } : kept;
  }
  const replaced = isIssued ? { ...kept, earlier: [current] } : kept;
  const context = {
    ...{ registryName, deploymentId, loginServer, vault, now: now() },
    acceptsLogin: (login: Login) => acceptsLogin(loginServer, login, signal),
    current: isIssued ? undefined : current,
  };
  return { ...replaced, current: await supplied.adopt(credential, context) };
}

/** Another account is tried at once, whatever became of the last one. */
function stateFor(declared: Declared, previous: StoredRegistry | undefined): CredentialState {
  if (!previous || isSameSource(previous.credential, declared)) return previous?.rotation ?? {};
  const { lastResult: _, attempts: _a, refusedSince: _r, ...state } = previous.rotation;
  return state;
}

/** Another call may have changed the registry after the precondition was checked. */
async function save(
  { registries }: RegistryServices,
  registry: Registry,
  previous: Pick<StoredRegistry, 'etag'> | undefined,
  { ifMatch }: Precondition,
): Promise<string> {
  try {
    return await registries.save(registry, previous);
  } catch (error) {
    throw error instanceof ConflictError && ifMatch !== undefined ? outdated() : error;
  }
}

function isSame(previous: StoredRegistry, declared: Omit<Registry, 'createdOn' | 'updatedOn'>): boolean {
  const { etag: _e, createdOn: _c, updatedOn: _u, ...stored } = previous;
  return isDeepStrictEqual(stored, declared);
}
