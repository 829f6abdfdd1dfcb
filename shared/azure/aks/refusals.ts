import * as z from 'zod';
import { CredentialError, describe } from '../../errors.ts';
import { quote } from '../az-commands.ts';
import { hostOf, type SecretAddress } from './address.ts';
import type { ClusterAnswer } from './request.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const Status = z.object({ message: z.string().optional(), reason: z.string().optional() });

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|UNABLE_TO_|SELF_SIGNED|ERR_TLS_/;

/** Why an API server did not carry out a call, with what to do about it. */
export function refusedByCluster(at: SecretAddress, { status, body }: ClusterAnswer): CredentialError {
  const { message = '' } = parseStatus(body);
  const said = `${hostOf(at)}: ${status}${message && `, ${message}`}`;
  const passes = status < 400 || status >= 500 || [408, 409, 429].includes(status);
  if (passes) return new CredentialError('cluster-unavailable', said);
  return new CredentialError('delivery-refused', said, { remedy: remedyFor(status, at) });
}

/** There was no answer. */
export function unreachable(at: SecretAddress, cause: unknown): CredentialError {
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  const said = `${hostOf(at)}: ${describe(cause)}`;
  if (CERTIFICATE.test(code)) {
    const remedy = `Declare the authority of the cluster as certificateAuthority. This prints it: ${PRINT_AUTHORITY}`;
    return new CredentialError('delivery-refused', `${said} (${code})`, { remedy, cause });
  }
  const remedy = `Check that the cluster runs, and that the app's network reaches ${hostOf(at)}.`;
  return new CredentialError('cluster-unavailable', said, { remedy, cause });
}

const PRINT_AUTHORITY = `kubectl config view --raw --minify --output 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 --decode`;

function remedyFor(status: number, { namespace, secret }: SecretAddress): string | undefined {
  if (status === 401)
    return 'The cluster takes no Entra token of the bridge. Run: az aks update --resource-group AKS_RESOURCE_GROUP --name AKS_CLUSTER --enable-aad --enable-azure-rbac';
  if (status === 403)
    return `The bridge's identity may not write the Secret ${secret} in ${namespace}. With Azure RBAC, run: az role assignment create --role 'Azure Kubernetes Service RBAC Writer' --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --scope "$AKS_ID/namespaces/${namespace}"\nWhere the cluster has Kubernetes RBAC alone, the setup guide of the registry has the Role.`;
  if (status === 404) return `Run: kubectl create namespace ${quote(namespace)}. Or correct the declaration.`;
  if (status === 422)
    return `The type of a Secret cannot change. If the Secret is not needed, run: kubectl delete secret ${quote(secret)} --namespace ${quote(namespace)}. Or declare another name.`;
  return undefined;
}

function parseStatus(body: string): z.infer<typeof Status> {
  try {
    return Status.parse(JSON.parse(body));
  } catch {
    // A proxy before the API server answers in another form.
    return {};
  }
}
