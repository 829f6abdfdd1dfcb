import type { CredentialHolder } from '../../credentials/holder.ts';

/** Coder v2 holds no credentials of registries: the nodes that workspaces run on pull with what they have. */
export const NO_HOLDER: CredentialHolder = {
  deliver: async () => {},
  prove: async () => {},
  hasDrifted: async () => false,
};
