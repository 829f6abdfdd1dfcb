import * as z from 'zod';
import type { CredentialKind } from '../kind.ts';
import { expiryFor, lifetimeHours, RotationSchedule } from '../schedule.ts';

const ServicePrincipalInput = z.strictObject({
  kind: z.literal('service-principal'),
  /** Application (client) id, which is the user name. */
  appId: z.guid(),
  ...RotationSchedule.shape,
});
type ServicePrincipalInput = z.infer<typeof ServicePrincipalInput>;

/** An app registration that may pull from the registry, and that the bridge's identity owns. */
export const servicePrincipal = {
  input: ServicePrincipalInput,

  async check({ appId }, _azure, { graph, signal }) {
    await graph.listSecrets(appId, signal);
  },

  issuer: {
    accountOf: ({ appId }) => appId,
    lifetimeHours: declared => lifetimeHours(declared),

    async issue({ appId, ...schedule }, { registry, graph, now, signal, kept }) {
      const displayName = `coder-acr-bridge/${registry.name}`;
      const known = kept.map(({ slot }) => slot);
      for (const secret of await graph.listSecrets(appId, signal)) {
        const isLeftOver = secret.displayName === displayName && !known.includes(secret.keyId);
        if (isLeftOver) await graph.removeSecret(appId, secret.keyId, signal);
      }
      const expiresOn = expiryFor(schedule, now());
      const { keyId, secretText } = await graph.addSecret(appId, { displayName, expiresOn }, signal);
      return { username: appId, password: secretText, slot: keyId, expiresOn };
    },

    async revoke({ appId }, { slot }, { graph, signal }) {
      if (slot) await graph.removeSecret(appId, slot, signal);
    },
  },
} satisfies CredentialKind<ServicePrincipalInput>;
