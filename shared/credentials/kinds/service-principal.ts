import * as z from 'zod';
import type { CheckContext, CredentialKind } from '../kind.ts';
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

    async find({ appId }, { graph, kept, signal, ...context }) {
      const displayName = displayNameOf(context);
      const found = await graph.listSecrets(appId, signal);
      return found
        .filter(
          secret => secret.displayName === displayName || kept.some(({ slot }) => slot === secret.keyId),
        )
        .map(({ keyId, startDateTime }) => ({
          slot: keyId,
          ...(startDateTime && { createdOn: startDateTime }),
        }));
    },

    async issue({ appId, ...schedule }, { graph, now, signal, ...context }) {
      const expiresOn = expiryFor(schedule, now());
      const displayName = displayNameOf(context);
      const { keyId, secretText } = await graph.addSecret(appId, { displayName, expiresOn }, signal);
      return { username: appId, password: secretText, slot: keyId, expiresOn };
    },

    async revoke({ appId }, { slot }, { graph, signal }) {
      if (slot) await graph.removeSecret(appId, slot, signal);
    },
  },
} satisfies CredentialKind<ServicePrincipalInput>;

/** Tells the secrets of this deployment and registry from those of others that use the app registration. */
function displayNameOf({ registry, deploymentId }: Pick<CheckContext, 'registry' | 'deploymentId'>): string {
  return ['coder-acr-bridge', deploymentId, registry.name].filter(Boolean).join('/');
}
