import { quote, roleAssignment } from '../az-commands.ts';
import { callerIn, explain, type Refusal, type Row } from './refusal.ts';
import type { Said } from './said.ts';

export type AksReason = 'delivery-refused' | 'cluster-unavailable';

/** Which Secret the API server of a cluster was asked for. */
export interface AksCall {
  /** The API server, with its port where that is not 443. */
  host: string;
  namespace: string;
  secret: string;
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|UNABLE_TO_|SELF_SIGNED|ERR_TLS_/;
const ROLE = 'Azure Kubernetes Service RBAC Writer';
const PRINT_AUTHORITY = `kubectl config view --raw --minify --output 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 --decode`;

/** https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#http-status-codes */
const ROWS: readonly Row<AksReason, AksCall>[] = [
  {
    status: [undefined],
    code: CERTIFICATE,
    reason: 'delivery-refused',
    meaning: ({ host }) => `The bridge does not trust the certificate of ${host}`,
    remedy: () =>
      `Declare the authority of the cluster as certificateAuthority. This prints it: ${PRINT_AUTHORITY}`,
  },
  {
    status: [401],
    reason: 'delivery-refused',
    meaning: ({ host }) => `The cluster ${host} takes no Entra token of the bridge`,
    remedy: () =>
      'Run: az aks update --resource-group AKS_RESOURCE_GROUP --name AKS_CLUSTER --enable-aad --enable-azure-rbac',
  },
  {
    status: [403],
    reason: 'delivery-refused',
    meaning: ({ namespace, secret }) =>
      `The bridge's identity may not read or write the Secret ${secret} in ${namespace}`,
    remedy: ({ namespace }, said) =>
      `With Azure RBAC, run: ${roleAssignment(ROLE, callerIn(said), `"$AKS_ID/namespaces/${namespace}"`).join(' ')}\nWhere the cluster has Kubernetes RBAC alone, the setup guide of the registry has the Role.`,
  },
  {
    status: [404],
    reason: 'delivery-refused',
    meaning: ({ host, namespace }) => `The cluster ${host} has no namespace ${namespace}`,
    remedy: ({ namespace }) =>
      `Run: kubectl create namespace ${quote(namespace)}. Or correct the declaration.`,
  },
  {
    status: [422],
    reason: 'delivery-refused',
    meaning: ({ namespace, secret }) =>
      `The Secret ${secret} in ${namespace} cannot become one of type kubernetes.io/dockerconfigjson`,
    remedy: ({ namespace, secret }) =>
      `If the Secret is not needed, run: kubectl delete secret ${quote(secret)} --namespace ${quote(namespace)}. Or declare another name.`,
  },
  {
    if: (_, { status = 0 }) => status >= 400 && status < 500 && ![408, 409, 429].includes(status),
    reason: 'delivery-refused',
    meaning: ({ host }) => `The cluster ${host} does not take the call`,
    remedy: () => 'Check that delivery.server is the API server of the cluster.',
  },
  {
    reason: 'cluster-unavailable',
    retryable: true,
    meaning: ({ host }) => `The cluster ${host} is busy, failed, or cannot be reached from the app`,
    remedy: ({ host }) => `Check that the cluster runs, and that the app's network reaches ${host}.`,
  },
];

export function explainAks(said: Said, call: AksCall): Refusal<AksReason> {
  return explain(ROWS, 'Kubernetes', said, call);
}
