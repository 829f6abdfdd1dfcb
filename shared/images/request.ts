import * as z from 'zod';
import { createHostCheck } from '../azure/acr/allowed-hosts.ts';
import { normalizeRegistryId } from '../azure/arm/resource-id.ts';
import { RegistryWords, RequestWords } from '../coder/words.ts';
import { CredentialInput } from '../credentials/kinds/all.ts';
import { RefusedError } from '../errors.ts';
import { isRepository, isTag } from '../policy/reference.ts';
import { RegistryInput, RegistryName, type StoredRegistry } from '../records/registry.ts';
import type { RegistryServices } from '../registries/put.ts';
import type { FollowServices } from './follow.ts';

const LOGIN_SERVER = /^[a-z0-9][a-z0-9.-]*(:\d+)?$/i;

/** A registry that the import of an image adds in the same call, as in Coder's own dialog. */
const NewRegistry = z
  .strictObject({
    name: RegistryName,
    resourceId: RegistryInput.shape.resourceId.optional(),
    /** Host of the registry, instead of the resource id; the bridge asks Azure for the id. */
    loginServer: z
      .string()
      .max(255)
      .regex(LOGIN_SERVER, 'must be a host, such as NAME.azurecr.io')
      .optional(),
    credential: CredentialInput,
    ...RegistryWords.shape,
  })
  .refine(
    ({ resourceId, loginServer }) => (resourceId === undefined) !== (loginServer === undefined),
    'needs exactly one of resourceId and loginServer',
  );
type NewRegistry = z.infer<typeof NewRegistry>;

const isAcrHost = createHostCheck([]);

const repository = z
  .string()
  .refine(isRepository, 'must be an OCI repository name, such as team/app')
  .refine(
    text => !isAcrHost(text.split('/', 1)[0] as string),
    'must leave out the host of the registry, as in team/app',
  );
const tag = z.string().refine(isTag, 'must be an OCI tag, such as v1');

/** The fields of Coder's dialog *Import Image*: what to import, and the least resources of its workspaces. */
export const ImportInput = z
  .strictObject({
    /** Name of a registry that was added. */
    registry: RegistryName.optional(),
    newRegistry: NewRegistry.optional(),
    repository,
    tag,
    ...RequestWords.shape,
  })
  .refine(
    input => (input.registry === undefined) !== (input.newRegistry === undefined),
    'needs exactly one of registry and newRegistry',
  );
export type ImportInput = z.infer<typeof ImportInput>;

export type RequestServices = FollowServices & RegistryServices;

/** The fields of the request about the image, except its name. */
export function requestedWords(input: ImportInput): RequestWords {
  const { registry: _r, newRegistry: _n, repository: _p, tag: _t, ...words } = input;
  return words;
}

/** A repeated call finds the registry that the first one added; its policy and credential stay. */
export function sameOrRefused(known: StoredRegistry, { resourceId }: RegistryInput): StoredRegistry {
  if (normalizeRegistryId(known.resourceId) === normalizeRegistryId(resourceId)) return known;
  const message = `${known.name} is another registry, ${known.resourceId}. Choose another name.`;
  throw new RefusedError('registry-changed', message);
}

/** @throws RefusedError when Azure shows the bridge no registry with that login server */
export async function toRegistryInput(
  { arm }: RegistryServices,
  { loginServer, ...added }: Omit<NewRegistry, 'name'>,
  signal: AbortSignal,
): Promise<RegistryInput> {
  const resourceId = added.resourceId ?? (await arm.findRegistryId(loginServer as string, signal));
  if (resourceId) return RegistryInput.parse({ ...added, resourceId });
  const message = `Azure shows the bridge's identity no registry with the login server ${loginServer}. Give its resourceId (az acr show --name NAME --query id), or assign Reader on it.`;
  throw new RefusedError('registry-not-found', message);
}
