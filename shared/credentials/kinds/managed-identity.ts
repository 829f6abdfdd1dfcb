import * as z from 'zod';
import type { CredentialKind } from '../kind.ts';

const ManagedIdentityInput = z.strictObject({ kind: z.literal('managed-identity') });
type ManagedIdentityInput = z.infer<typeof ManagedIdentityInput>;

/** Coder pulls with an identity of its own; the bridge gives it no credential. */
export const managedIdentity = {
  input: ManagedIdentityInput,
  whyNothingToRotate: ({ loginServer }) =>
    `What pulls from ${loginServer} has an identity of its own, so there is nothing to rotate.`,
} satisfies CredentialKind<ManagedIdentityInput>;
