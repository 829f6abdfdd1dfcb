import * as z from 'zod';
import type { CredentialKind } from '../credential.ts';

/** Coder pulls with an identity of its own; the bridge gives it nothing. */
export const ManagedIdentityInput = z.strictObject({ kind: z.literal('managed-identity') });
export type ManagedIdentityInput = z.infer<typeof ManagedIdentityInput>;

export const managedIdentity: CredentialKind<ManagedIdentityInput> = { coderRegistryKind: 'acr' };
