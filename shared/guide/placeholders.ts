import { assign, quote } from '../azure/commands.ts';
import type { GuideContext, Placeholder, Step } from './guide.ts';

/** How `az aks` and `az identity` are told what they are about. */
export const AKS_OPTIONS =
  '--subscription "$AKS_SUBSCRIPTION" --resource-group "$AKS_RESOURCE_GROUP" --name "$AKS_CLUSTER"';
export const IDENTITY_OPTIONS =
  '--subscription "$AKS_SUBSCRIPTION" --resource-group "$AKS_RESOURCE_GROUP" --name "$CODER_IDENTITY"';

/** Every name that some guide leaves open, those first that others are found with. */
const PLACEHOLDERS = {
  BRIDGE_APP_ID: {
    meaning: 'resource id of the function app that the bridge is',
    find: "az functionapp list --query '[].id' --output tsv",
    setBy: 'you',
  },
  BRIDGE_PRINCIPAL_ID: {
    meaning: "object id of the bridge's managed identity",
    find: 'az resource show --ids "$BRIDGE_APP_ID" --query identity.principalId --output tsv',
    setBy: 'step',
  },
  FUNCTION_KEY: {
    meaning: 'key of the function app; a secret',
    // https://learn.microsoft.com/rest/api/appservice/web-apps/list-host-keys
    find: 'az rest --method post --url "$BRIDGE_APP_ID/host/default/listKeys?api-version=2024-04-01" --query functionKeys.default --output tsv',
    setBy: 'step',
  },
  PULL_PASSWORD: {
    meaning: 'password that Coder is to pull with; a secret, which Azure shows only when it makes one',
    find: 'az acr token credential generate',
    setBy: 'step',
  },
  PULL_PRINCIPAL_ID: {
    meaning: 'object id of the service principal that Coder logs in as, which is not its app id',
    find: 'az ad sp show --id APP_ID --query id --output tsv',
    setBy: 'step',
  },
  AKS_SUBSCRIPTION: {
    meaning: 'id of the subscription that the cluster of Coder is in',
    find: "az account list --query '[].[name, id]' --output table",
    setBy: 'you',
  },
  AKS_RESOURCE_GROUP: {
    meaning: 'resource group of that cluster',
    find: 'az aks list --subscription "$AKS_SUBSCRIPTION" --query \'[].[name, resourceGroup]\' --output table',
    setBy: 'you',
  },
  AKS_CLUSTER: {
    meaning: 'name of that cluster',
    find: 'az aks list --subscription "$AKS_SUBSCRIPTION" --query \'[].[name, resourceGroup]\' --output table',
    setBy: 'you',
  },
  CODER_NAMESPACE: {
    meaning: 'Kubernetes namespace that Coder is deployed in',
    find: "helm list --all-namespaces --filter '^coder$'",
    default: 'coder',
    setBy: 'you',
  },
  CODER_IDENTITY: {
    meaning: "name of Coder's own user-assigned identity, in the resource group of the cluster",
    find: 'az identity list --subscription "$AKS_SUBSCRIPTION" --resource-group "$AKS_RESOURCE_GROUP" --query \'[].name\' --output tsv',
    default: 'coder-identity',
    setBy: 'you',
  },
  CODER_IDENTITY_CLIENT_ID: {
    meaning: 'client id of that identity',
    find: `az identity show ${IDENTITY_OPTIONS} --query clientId --output tsv`,
    setBy: 'step',
  },
  CODER_IDENTITY_PRINCIPAL_ID: {
    meaning: 'object id of that identity, which is not its client id',
    find: `az identity show ${IDENTITY_OPTIONS} --query principalId --output tsv`,
    setBy: 'step',
  },
  AKS_OIDC_ISSUER: {
    meaning: 'issuer of the service account tokens of the cluster, with the slash at its end',
    find: `az aks show ${AKS_OPTIONS} --query oidcIssuerProfile.issuerUrl --output tsv`,
    setBy: 'step',
  },
  KUBELET_PRINCIPAL_ID: {
    meaning: "object id of the kubelet's identity",
    find: `az aks show ${AKS_OPTIONS} --query identityProfile.kubeletidentity.objectId --output tsv`,
    setBy: 'step',
  },
} as const satisfies Record<string, Omit<Placeholder, 'name'>>;

export type PlaceholderName = keyof typeof PLACEHOLDERS;

/** The command that gives a placeholder its value. */
export function setPlaceholder(name: PlaceholderName, context?: GuideContext): string {
  return assign(name, findOf(name, context));
}

/** Those that the steps name. */
export function usedPlaceholders(steps: readonly Step[], context: GuideContext): Placeholder[] {
  const text = steps
    .flatMap(({ values, commands }) => [values, ...commands.map(({ run }) => run)])
    .join('\n');
  const isUsed = (name: string) => new RegExp(`\\b${name}\\b`).test(text);
  return (Object.keys(PLACEHOLDERS) as PlaceholderName[])
    .filter(isUsed)
    .map(name => ({ name, ...PLACEHOLDERS[name], find: findOf(name, context) }));
}

function findOf(name: PlaceholderName, context: GuideContext | undefined): string {
  if (name === 'BRIDGE_PRINCIPAL_ID' && context?.clientId) {
    return `az ad sp show --id ${quote(context.clientId)} --query id --output tsv`;
  }
  return PLACEHOLDERS[name].find;
}
