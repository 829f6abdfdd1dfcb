import { givesLogin } from '../../credentials/kinds/all.ts';
import { RefusedError, ServiceError } from '../../errors.ts';
import { fine, unclear, type Verdict, wrong } from '../../lib/check.ts';
import type { DeclaredRegistry, PullableRegistry, SourceRegistry } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { type ClassicMemory, type RegistryKind, registryRow } from './memory.ts';
import { type ClassicRegistries, sameHost } from './registries.ts';
import type { CoderRegistry } from './schema.ts';

export interface KindOptions {
  coder: ClassicClient;
  memory: ClassicMemory;
  registries: ClassicRegistries;
  /** JSON field and value by which Coder tells the kind *Microsoft Azure Container Registry*, if it does. */
  acrKind: { field: string; value: string };
}

/** With a login Coder must have the registry as *Generic registry*, without one as *Microsoft Azure Container Registry*. */
export function kindFor(registry: Pick<PullableRegistry, 'credential'>): RegistryKind {
  return givesLogin(registry.credential) ? 'generic' : 'acr';
}

/**
 * Refuses a registry that Coder has with another registry kind: Coder would go on pulling with what it holds, and the
 * bridge could not renew that.
 * @throws RefusedError `credential-kind-fixed`
 * @throws ServiceError when the kind changes, and Coder does not answer
 */
export async function refuseOtherKind(
  options: KindOptions,
  declared: DeclaredRegistry & { loginServer: string },
  previous: SourceRegistry | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (previous && kindFor(previous) === kindFor(declared)) return;
  const registry = { ...declared, rotation: {} };
  const found = await findByHost(options, registry, signal).catch((error: unknown) => {
    // A registry can be added while Coder is away; the diagnostics then look at its kind.
    if (previous || !(error instanceof ServiceError)) throw error;
    return undefined;
  });
  const kind = found && (await kindOf(options, registry, found)).kind;
  if (!kind || kind === kindFor(declared)) return;
  const message = `Coder has ${declared.loginServer} with the registry kind ${kind}, which does not go with credential.kind ${declared.credential.kind}, and Coder cannot change it.`;
  throw new RefusedError('credential-kind-fixed', message, [], remedyOf(kind));
}

/** Whether Coder has the registry with the kind that goes with its credential. */
export async function judgeKind(
  options: KindOptions,
  registry: PullableRegistry,
  found: CoderRegistry,
): Promise<Verdict> {
  const { kind, isTold } = await kindOf(options, registry, found);
  const has = `Coder has it as ${found.registry}`;
  if (kind && kind !== kindFor(registry)) {
    const message = `${has}, with the registry kind ${kind}, which does not go with credential.kind ${registry.credential.kind}.`;
    return wrong('registry-kind-wrong', message, remedyOf(kind));
  }
  // A registry that the bridge added without a kind is generic; whether Coder took another kind, only Coder can say.
  if (isTold || kind === 'generic') return fine(`${has}, ${kind}.`);
  const other = kindFor(registry) === 'acr' ? 'generic' : 'acr';
  return unclear(
    `${has}, and does not show its registry kind. See the registry in Coder's pages: ${KIND_NAMES[kindFor(registry)]} is right. If it is ${KIND_NAMES[other]}: ${remedyOf(other)}`,
  );
}

/** As Coder's dialog calls them. */
const KIND_NAMES: Record<RegistryKind, string> = {
  generic: 'Generic registry',
  acr: 'Microsoft Azure Container Registry',
};

async function kindOf(
  { memory, acrKind }: KindOptions,
  registry: Pick<PullableRegistry, 'name'>,
  found: CoderRegistry,
): Promise<{ kind: RegistryKind | undefined; isTold: boolean }> {
  const told: unknown = found[acrKind.field];
  if (typeof told === 'string') return { kind: told === acrKind.value ? 'acr' : 'generic', isTold: true };
  const { coderId, addedAs } = await memory.registries.read(registryRow(registry));
  return { kind: coderId === found.id ? addedAs : undefined, isTold: false };
}

async function findByHost(
  { coder, registries }: KindOptions,
  registry: PullableRegistry,
  signal: AbortSignal,
): Promise<CoderRegistry | undefined> {
  const listed = await coder.listRegistries(registries.organizationOf(registry), signal);
  return listed.find(candidate => sameHost(candidate, registry));
}

/** @param kind that Coder has the registry with */
function remedyOf(kind: RegistryKind): string {
  const fitting =
    kind === 'generic'
      ? 'PUT the registry with a credential.kind that gives Coder a user name and a password, such as token: the bridge then gives Coder the new one, whose images go on.'
      : 'PUT the registry with credential.kind managed-identity: Coder then goes on pulling with its own identity.';
  return `${fitting} Or let Coder lose the registry, which it refuses while images use it: in Coder's pages, move the workspaces of its images to images of another registry, delete these images, then the registry; then PUT and reconcile it here.`;
}
