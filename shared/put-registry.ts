import { isDeepStrictEqual } from 'node:util';
import { normalizeRegistryId, parseRegistryId, type RegistryResourceId } from './arm-id.ts';
import type { Acr } from './azure/acr.ts';
import type { Login } from './azure/acr-login.ts';
import type { HostCheck } from './azure/allowed-hosts.ts';
import type { Arm, RegistryDescription } from './azure/arm.ts';
import type { Vault } from './azure/vault.ts';
import type { Target } from './coder/target.ts';
import { credentialKind, type StoredCredential } from './credentials/credential.ts';
import { describe, ServiceError, statusOf } from './errors.ts';
import type { Images } from './images.ts';
import { RefusedError } from './refused.ts';
import type { Registries } from './registries.ts';
import type { Registry, RegistryInput, StoredRegistry } from './registry.ts';

/** What adding, changing and removing a registry needs. */
export interface RegistryServices {
  registries: Registries;
  images: Images;
  acr: Acr;
  arm: Arm;
  vault: Vault;
  target: Target;
  isAllowedHost: HostCheck;
  acceptsLogin(loginServer: string, login: Login, signal: AbortSignal): Promise<boolean>;
  /** Organization of registries that name none. */
  organizationId: string | undefined;
  now: () => Date;
}

/** Under which conditions a change is wanted, from `If-Match` and `If-None-Match`. */
export interface Precondition {
  /** The ETags of which the stored registry must have one; `*` for any. */
  ifMatch?: string | undefined;
  /** `*`: only if there is no such registry yet. */
  ifNoneMatch?: string | undefined;
}

export interface PutResult {
  registry: StoredRegistry;
  created: boolean;
}

/**
 * Makes the registry be as declared: asks ARM and the registry itself whether that can work, stores the credential,
 * then the record. The same declaration twice changes nothing the second time.
 *
 * @throws RefusedError when it cannot work, with what to do about it; nothing was changed then
 * @throws ServiceError when Key Vault or the registry cannot be asked
 * @throws ConflictError when somebody else changed the registry meanwhile
 */
export async function putRegistry(
  services: RegistryServices,
  name: string,
  input: RegistryInput,
  precondition: Precondition,
  signal: AbortSignal,
): Promise<PutResult> {
  const previous = await services.registries.get(name);
  checkPrecondition(previous, precondition);
  await refuseIfImpossible(services, name, input, previous);

  const azure = await describeAzure(services, input.resourceId, signal);
  const credential = await adoptCredential(services, name, input, azure.loginServer, previous, signal);
  const declared = {
    name,
    resourceId: input.resourceId,
    loginServer: azure.loginServer,
    sku: azure.sku,
    ...(input.organizationId && { organizationId: input.organizationId }),
    credential,
    policy: input.policy,
  };
  if (previous && isSame(previous, declared)) return { registry: previous, created: false };

  const now = services.now();
  const registry = { ...declared, createdOn: previous?.createdOn ?? now, updatedOn: now };
  // A name may have belonged to another registry before, of which records may be left.
  if (!previous) await services.images.deleteAll(name);
  const etag = await services.registries.save(registry, previous);
  // Coder is given a changed credential now if it answers, and by the next sweep otherwise.
  await services.target.updateCredential(registry, signal).catch((error: unknown) => {
    if (!(error instanceof ServiceError)) throw error;
  });
  return { registry: { ...registry, etag }, created: !previous };
}

/** Removes the registry, its secret and its records. Coder keeps what it has. @throws as putRegistry does */
export async function deleteRegistry(
  { registries, images, vault }: RegistryServices,
  name: string,
  precondition: Precondition,
): Promise<void> {
  const registry = await registries.get(name);
  if (!registry) throw notFound(name);
  checkPrecondition(registry, precondition);
  await registries.remove(registry);
  await images.deleteAll(name);
  await credentialKind(registry.credential.kind).remove(registry.credential, vault);
}

export function notFound(name: string): RefusedError {
  return new RefusedError(
    'not-found',
    `There is no registry ${name}. GET /api/registries lists those that exist.`,
  );
}

function checkPrecondition(stored: StoredRegistry | undefined, { ifMatch, ifNoneMatch }: Precondition): void {
  const current = stored?.etag;
  if (ifNoneMatch === '*' && current) {
    throw new RefusedError('precondition-failed', 'The registry exists already, and If-None-Match was *.');
  }
  if (ifMatch === undefined) return;
  const wanted = ifMatch.split(',').map(etag => etag.trim());
  if (current === undefined || !(wanted.includes('*') || wanted.includes(current))) {
    const message = 'The registry is not as If-Match expects. GET it again, and decide on what it is now.';
    throw new RefusedError('precondition-failed', message);
  }
}

/** Refuses what our own records show to be impossible. */
async function refuseIfImpossible(
  { registries, target, organizationId }: RegistryServices,
  name: string,
  input: RegistryInput,
  previous: StoredRegistry | undefined,
): Promise<void> {
  if (!input.organizationId && !organizationId) {
    throw new RefusedError('invalid-request', 'An organization is needed.', [
      { path: 'organizationId', message: 'is required, as the setting CODER_ORGANIZATION_ID is not set' },
    ]);
  }
  const resourceId = normalizeRegistryId(input.resourceId);
  if (previous && normalizeRegistryId(previous.resourceId) !== resourceId) {
    const message = `${name} is another registry, ${previous.resourceId}. DELETE it first, or choose another name.`;
    throw new RefusedError('registry-changed', message);
  }
  const other = previous ? undefined : await registries.findByResourceId(resourceId);
  if (other && other.name !== name) {
    throw new RefusedError(
      'registry-already-added',
      `This registry was added already, under the name ${other.name}.`,
    );
  }
  if (
    previous &&
    coderKind(previous.credential) !== coderKind(input.credential) &&
    (await target.hasRegistry(previous))
  ) {
    const message =
      'Coder has this registry with another registry kind, which it cannot change. Delete the registry in Coder and here, then add it again.';
    throw new RefusedError('credential-kind-fixed', message);
  }
}

function coderKind({ kind }: { kind: StoredCredential['kind'] }): string {
  return credentialKind(kind).coderRegistryKind;
}

/** What Azure says of the registry, once it is sure that it lets us in. */
async function describeAzure(
  { arm, acr, isAllowedHost }: RegistryServices,
  resourceId: string,
  signal: AbortSignal,
): Promise<RegistryDescription> {
  const registry = await arm
    .describeRegistry(parseRegistryId(resourceId) as RegistryResourceId, signal)
    .catch((error: unknown) => {
      throw explainArm(resourceId, error);
    });
  if (!isAllowedHost(registry.loginServer)) {
    const message = `Azure says that its login server is ${registry.loginServer}, a host that may not be sent tokens. If it is right, add it to the setting ACR_ALLOWED_HOSTS.`;
    throw new RefusedError('host-not-allowed', message);
  }
  await acr.checkAccess(registry.loginServer, signal).catch((error: unknown) => {
    // No role that reads repositories in ABAC mode lists them, so being refused the list proves nothing there.
    const refused = error instanceof ServiceError && error.reason === 'registry-unauthorized';
    if (!refused) throw error;
    if (registry.abac) return;
    const message = `${registry.loginServer} does not let the bridge's identity in. Run: az role assignment create --role AcrPull --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --scope ${resourceId}`;
    throw new RefusedError('registry-not-reachable', message);
  });
  return registry;
}

function explainArm(resourceId: string, error: unknown): Error {
  const status = statusOf(error);
  if (status === 404) {
    const message = `Azure has no registry ${resourceId}. Compare with: az acr show --name NAME --query id`;
    return new RefusedError('registry-not-found', message);
  }
  if (status === 403) {
    const message = `The bridge's identity may not read ${resourceId}. Run: az role assignment create --role Reader --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --scope ${resourceId}`;
    return new RefusedError('registry-not-readable', message);
  }
  return new ServiceError('registry-unavailable', `Azure Resource Manager: ${describe(error)}`, {
    cause: error,
  });
}

function adoptCredential(
  { vault, acceptsLogin }: RegistryServices,
  registryName: string,
  { credential }: RegistryInput,
  loginServer: string,
  previous: StoredRegistry | undefined,
  signal: AbortSignal,
): Promise<StoredCredential> {
  return credentialKind(credential.kind).adopt(credential, {
    registryName,
    vault,
    acceptsLogin: login => acceptsLogin(loginServer, login, signal),
    previous: previous?.credential.kind === credential.kind ? previous.credential : undefined,
  });
}

function isSame(previous: StoredRegistry, declared: Omit<Registry, 'createdOn' | 'updatedOn'>): boolean {
  const { etag: _e, createdOn: _c, updatedOn: _u, ...stored } = previous;
  return isDeepStrictEqual(stored, declared);
}
