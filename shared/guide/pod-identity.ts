import { command } from '../azure/commands.ts';
import { KUBECTL, upgrade } from './coder-pods.ts';
import type { Step } from './guide.ts';

const POD_IDENTITY_VALUES = `coderd:
  extraLabels:
    aadpodidbinding: "CODER_IDENTITY"
`;

/** Archived since 2023: https://github.com/Azure/aad-pod-identity */
export function insteadLabelForPodIdentity(): Step {
  const when = 'On a cluster with AAD Pod Identity';
  const image = '--image=mcr.microsoft.com/azure-cli:latest';
  const resourceId =
    '/subscriptions/$AKS_SUBSCRIPTION/resourcegroups/$AKS_RESOURCE_GROUP/providers/Microsoft.ManagedIdentity/userAssignedIdentities/$CODER_IDENTITY';
  return {
    heading: 'In place of the last two steps: AAD Pod Identity',
    why: "Only for a cluster that still has it, with an AzureIdentity and an AzureIdentityBinding whose selector is the name of the identity. Coder's own guide writes `extraLabels` at the top level of the values, where the chart ignores it and says nothing; it works under `coderd`.",
    values: POD_IDENTITY_VALUES,
    commands: [
      ...upgrade().map(run => ({ when, ...run })),
      {
        when,
        run: command(
          `${KUBECTL} run aadpodidtest --rm --stdin --tty --restart=Never ${image}`,
          '--labels="aadpodidbinding=$CODER_IDENTITY"',
          `-- az login --identity --resource-id "${resourceId}"`,
        ),
        expect: `[
  {
    "environmentName": "AzureCloud",
    …
    "state": "Enabled",
    …
    "user": {
      "assignedIdentityInfo": "MSIResource-${resourceId}",
      "name": "userAssignedIdentity",
      "type": "servicePrincipal"
    }
  }
]`,
      },
    ],
  };
}
