import * as z from 'zod';
import { fine, unclear, wrong } from '../../lib/check.ts';
import type { DeliveryKind } from '../kind.ts';

const NoDelivery = z.strictObject({ kind: z.literal('none') });
type NoDelivery = z.infer<typeof NoDelivery>;

/** Nodes pull with an identity of their own, which has AcrPull. */
export const noDelivery = {
  input: NoDelivery,
  needsLogin: false,
  step: () => 'have it ready to be read; nothing is delivered to workspaces',

  async diagnose(_declared, { registry, services, signal }) {
    const { resourceId, loginServer } = registry;
    const pullers = await services.pullRoles.findPullers(resourceId, signal);
    if (!pullers) return unclear(`Azure does not show the bridge who may pull from ${loginServer}.`);
    if (pullers.length > 0)
      return fine(`These identities may pull from ${loginServer} too: ${pullers.join(', ')}.`);
    const remedy = `Run, for the cluster of the workspaces: az aks update --resource-group AKS_RESOURCE_GROUP --name AKS_CLUSTER --attach-acr ${resourceId}. Or declare how the bridge delivers a credential: "delivery" in PUT /api/registries/${registry.name}.`;
    return wrong(
      'nodes-cannot-pull',
      `No identity but the bridge's has a role that pulls from ${loginServer}.`,
      remedy,
    );
  },
} satisfies DeliveryKind<NoDelivery>;
