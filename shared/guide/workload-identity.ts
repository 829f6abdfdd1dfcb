import { command } from '../azure/commands.ts';
import { KUBECTL, upgrade } from './coder-pods.ts';
import type { Step } from './guide.ts';
import { AKS_OPTIONS, IDENTITY_OPTIONS, setPlaceholder } from './placeholders.ts';

/** The service account of the pods of coderd, whose name the chart fixes. */
const SERVICE_ACCOUNT = 'coder';

/** https://learn.microsoft.com/azure/aks/workload-identity-deploy-cluster */
export function federate(): Step {
  const identity = IDENTITY_OPTIONS.replace('--name', '--identity-name');
  return {
    heading: `Let the service account \`${SERVICE_ACCOUNT}\` be that identity`,
    why: "Workload Identity replaces AAD Pod Identity, which Coder's own guide describes and which has been archived since 2023. Entra then takes tokens of the cluster for those of the identity, when issuer, subject and audience are the same to the letter.",
    commands: [
      { run: command('az aks update', AKS_OPTIONS, '--enable-oidc-issuer --enable-workload-identity') },
      { run: setPlaceholder('AKS_OIDC_ISSUER') },
      {
        run: command(
          'az identity federated-credential create --name coder',
          identity,
          '--issuer "$AKS_OIDC_ISSUER"',
          // Without braces zsh takes the colon for a modifier.
          `--subject "system:serviceaccount:\${CODER_NAMESPACE}:${SERVICE_ACCOUNT}"`,
          '--audiences api://AzureADTokenExchange',
        ),
      },
      {
        run: command(
          'az identity federated-credential show --name coder',
          identity,
          "--query '[issuer, subject, audiences[0]]' --output tsv",
        ),
        expect: `https://…/\nsystem:serviceaccount:…:${SERVICE_ACCOUNT}\napi://AzureADTokenExchange`,
      },
    ],
  };
}

const WORKLOAD_IDENTITY_VALUES = `coderd:
  extraLabels:
    azure.workload.identity/use: "true"
  annotations:
    azure.workload.identity/inject-proxy-sidecar: "true"
  builtinProviderServiceAccount:
    annotations:
      azure.workload.identity/client-id: "CODER_IDENTITY_CLIENT_ID"
`;

/** https://learn.microsoft.com/azure/aks/workload-identity-migrate-from-pod-identity */
export function labelForWorkloadIdentity(): Step {
  return {
    heading: 'Put the identity into the Helm values of Coder',
    why: 'Add this to the values.yaml that Coder was deployed with: Helm forgets values that the file does not repeat. Coder asks the metadata service of the node (IMDS) for its tokens, so a sidecar has to answer in its place with tokens of Workload Identity. Microsoft means that sidecar for migrations, but nothing public says that Coder can do without it. In place of CODER_IDENTITY_CLIENT_ID write what `echo "$CODER_IDENTITY_CLIENT_ID"` prints.',
    values: WORKLOAD_IDENTITY_VALUES,
    commands: [
      ...upgrade(),
      {
        run: `${KUBECTL} get pods --selector app=coderd --output jsonpath='{.items[0].spec.initContainers[*].name} {.items[0].spec.containers[*].name}'`,
        expect: '… azwi-proxy-init … coderd … azwi-proxy …',
      },
    ],
    troubles: [
      {
        sign: 'no `azwi-proxy` among the containers',
        meaning:
          'Workload Identity changes pods only while they are being created, and only those with the label.',
        remedy: 'See that the label and the annotation are under `coderd`, then restart the deployment.',
      },
    ],
  };
}
