import * as z from 'zod';
import { parseRegistryId } from '../azure/arm/resource-id.ts';
import { json } from '../azure/tables/row-codec.ts';
import { RegistryColumns, RegistryWords } from '../coder/words.ts';
import { CredentialInput, DeclaredCredential } from '../credentials/kinds/all.ts';
import { StoredState } from '../credentials/state.ts';
import { Delivery } from '../delivery/kinds/all.ts';
import { Policy } from '../policy/policy.ts';

/** The bridge's name of a registry: part of URLs, table keys and names in Key Vault. */
export const RegistryName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/,
    'must be 1 to 50 lower-case letters, digits or inner dashes',
  );

/** What a person declares about a registry. */
export const RegistryInput = z.strictObject({
  /** ARM resource id of the container registry. */
  resourceId: z
    .string()
    .refine(
      id => parseRegistryId(id) !== undefined,
      'must be /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/NAME, with a NAME of 5 to 50 letters and digits (az acr show --name NAME --query id)',
    ),
  credential: CredentialInput,
  /** How workspaces of Coder v2 get the credential; `none` when absent. */
  delivery: Delivery.optional(),
  ...RegistryWords.shape,
  policy: Policy.default({ rules: [] }),
  /** While true, the bridge imports and removes nothing of this registry. */
  suspended: z.boolean().optional(),
  /** The bridge leaves the default tags as people chose them in Coder. */
  pinned: z.boolean().optional(),
  /** How often the registry is reconciled; RECONCILE_EVERY_MINUTES when absent. */
  reconcileEveryMinutes: z.int().min(1).max(43_200).optional(),
});
export type RegistryInput = z.infer<typeof RegistryInput>;

/** One Azure Container Registry that the bridge watches. */
export const Registry = z.object({
  name: z.string(),
  resourceId: z.string(),
  loginServer: z.string(),
  sku: z.string(),
  ...RegistryColumns.shape,
  credential: json(DeclaredCredential),
  /** The state of its credential; there is no such column before the first credential is issued. */
  rotation: json(StoredState).prefault('{}'),
  delivery: json(Delivery).exactOptional(),
  policy: json(Policy),
  suspended: z.boolean().exactOptional(),
  pinned: z.boolean().exactOptional(),
  reconcileEveryMinutes: z.number().exactOptional(),
  createdOn: z.date(),
  updatedOn: z.date(),
});
export type Registry = z.infer<typeof Registry>;

/** A registry as it was read, with the ETag that its next change must have. */
export type StoredRegistry = Registry & { etag: string };
