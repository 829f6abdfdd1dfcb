import { isDeepStrictEqual } from 'node:util';
import type { Login } from '../azure/acr-tokens.ts';
import type { HostCheck } from '../azure/allowed-hosts.ts';
import type { Arm } from '../azure/arm.ts';
import { normalizeRegistryId } from '../azure/arm-id.ts';
import type { LeasedTable } from '../azure/leased-rows.ts';
import type { Target } from '../coder/target.ts';
import { RegistryWords } from '../coder/words.ts';
import { credentialKind, declaredOf } from '../credentials/kinds.ts';
import type { CredentialState } from '../credentials/state.ts';
import { ConflictError, RefusedError, ServiceError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { withoutUndefined } from '../lib/without-undefined.ts';
import type { Images } from '../records/images.ts';
import type { Registry, RegistryInput, StoredRegistry } from '../records/registry.ts';
import { rotate } from '../rotation/rotate.ts';
import type { RotationServices } from '../rotation/run.ts';
import { describeReachable } from './access.ts';
import { checkPrecondition, outdated, type Precondition } from './precondition.ts';

/** What adding, changing and removing a registry needs. */
export interface RegistryServices extends RotationServices {
  images: Images;
  leasedRows: LeasedTable;
  target: Target;
  arm: Arm;
  isAllowedHost: HostCheck;
  acceptsLogin(loginServer: string, login: Login, signal: AbortSignal): Promise<boolean>;
  importBudgetMs: number;
}

/** After so many a PUT gives up. */
const MOST_CONFLICTS = 5;

export interface PutResult {
  registry: StoredRegistry;
  created: boolean;
}

/**
 * Makes the registry be as declared: asks ARM and the registry itself whether that can work, stores the credential,
 * then the record, and begins to issue what Coder is to pull with. The same declaration twice changes nothing the
 * second time.
 *
 * @throws RefusedError when it cannot work, with what to do about it; the registry's record is as it was
 * @throws ServiceError when Key Vault or the registry cannot be asked
 * @throws ConflictError when somebody else goes on changing the registry meanwhile
 */
export async function putRegistry(...call: Parameters<typeof putOnce>): Promise<PutResult> {
  for (let conflicts = 0; ; conflicts += 1) {
    try {
      return await putOnce(...call);
    } catch (error) {
      // Mostly a rotation that made progress: decide again on what it made of the record.
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
  const previous = await services.registries.get(name);
  checkPrecondition(previous, precondition);
  await refuseIfImpossible(services, name, input, previous);

  const declared = await declareRegistry(services, name, input, previous, signal);
  if (previous && isSame(previous, declared)) return { registry: previous, created: false };

  const now = services.now();
  const registry = { ...declared, createdOn: previous?.createdOn ?? now, updatedOn: now };
  const etag = await save(services, registry, previous, precondition);
  // Coder is given a changed credential now if it answers, and by the next sweep otherwise.
  const soon = AbortSignal.any([signal, AbortSignal.timeout(services.importBudgetMs)]);
  if (credentialKind(registry.credential.kind).issuer || registry.rotation.previous) {
    await rotate(services, name, soon, log);
    return { registry: (await services.registries.get(name)) ?? { ...registry, etag }, created: !previous };
  }
  await services.holder.deliver(registry, soon).catch((error: unknown) => {
    if (!(error instanceof ServiceError)) throw error;
  });
  return { registry: { ...registry, etag }, created: !previous };
}

/** The registry as it is declared and as Azure knows it; its secret is stored. @throws as `putRegistry` does */
export async function declareRegistry(
  services: RegistryServices,
  name: string,
  input: RegistryInput,
  previous: StoredRegistry | undefined,
  signal: AbortSignal,
): Promise<Omit<Registry, 'createdOn' | 'updatedOn'>> {
  const azure = await describeReachable(services, input.resourceId, signal);
  const { loginServer, sku } = azure;
  const credential = declaredOf(input.credential);
  const registry = { name, resourceId: input.resourceId, loginServer, policy: input.policy };
  const context = { registry, arm: services.armCredentials, graph: services.graph, signal };
  await credentialKind(credential.kind).check?.(credential, azure, context);
  const rotation = await rotationFor(services, name, input, loginServer, previous, signal);
  return withoutUndefined<Omit<Registry, 'createdOn' | 'updatedOn'>>({
    ...{ name, resourceId: input.resourceId, loginServer, sku, credential, rotation },
    ...RegistryWords.parse(input),
    policy: input.policy,
    suspended: input.suspended || undefined,
    pinned: input.pinned || undefined,
    reconcileEveryMinutes: input.reconcileEveryMinutes,
  });
}

/** Refuses what our own records show to be impossible. */
export async function refuseIfImpossible(
  { registries, target }: RegistryServices,
  name: string,
  input: RegistryInput,
  previous: StoredRegistry | undefined,
): Promise<void> {
  const resourceId = normalizeRegistryId(input.resourceId);
  if (previous && normalizeRegistryId(previous.resourceId) !== resourceId) {
    const message = `${name} is another registry, ${previous.resourceId}. DELETE it first, or choose another name.`;
    throw new RefusedError('registry-changed', message);
  }
  const other = previous ? undefined : await registries.findByResourceId(resourceId);
  if (other && other.name !== name) {
    throw new RefusedError(
      'registry-already-added',
      `This registry was added already. PUT /api/registries/${other.name} changes it.`,
    );
  }
  await target.refuse({ ...input, name, credential: declaredOf(input.credential) }, previous);
}

/**
 * Where the rotation stands once that is declared. A kind that the bridge issues leaves Coder what it has until the
 * first new one is proven; a password that a person supplies takes its place at once.
 */
async function rotationFor(
  { vault, acceptsLogin, now }: RegistryServices,
  registryName: string,
  { credential }: RegistryInput,
  loginServer: string,
  previous: StoredRegistry | undefined,
  signal: AbortSignal,
): Promise<CredentialState> {
  const before = previous?.rotation ?? {};
  const { issuer, supplied } = credentialKind(credential.kind);
  if (issuer) return before;
  const { current, candidate, previous: older } = before;
  const isIssued = current !== undefined && credentialKind(current.declared.kind).issuer !== undefined;
  if (isIssued && (candidate || older)) {
    const ends = before.revokeOn?.toISOString();
    const message = ends
      ? `The credential before this one is revoked on ${ends}, and until then no other kind can take its place. POST /api/registries/${registryName}/rotate?compromised=true does not wait for that.`
      : 'A rotation of its credential is under way. Try again when GET shows no step any more.';
    throw new RefusedError('registry-busy', message);
  }
  const { current: _, ...kept } = before;
  const replaced = isIssued ? { ...kept, previous: current } : kept;
  if (!supplied) return isIssued ? { ...replaced, revokeOn: now() } : kept;
  const context = {
    ...{ registryName, loginServer, vault, now: now() },
    acceptsLogin: (login: Login) => acceptsLogin(loginServer, login, signal),
    current: isIssued ? undefined : current,
  };
  return { ...replaced, current: await supplied.adopt(credential, context) };
}

/** Somebody may have changed the registry since the precondition was checked. */
async function save(
  { registries }: RegistryServices,
  registry: Registry,
  previous: StoredRegistry | undefined,
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
