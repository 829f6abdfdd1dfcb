import type { PullSecret } from './stand-ins/coder-v2/kubelet/pull.ts';
import {
  type KubernetesOptions,
  type KubernetesStandIn,
  startKubernetes,
} from './stand-ins/kubernetes/kubernetes.ts';
import type { RegistryUser } from './stand-ins/registry/registry.ts';

/** Namespaces of the cluster of workspaces in which the bridge may write Secrets. */
const NAMESPACES = ['coder', 'coder-gpu'];
/** Name of the Secret that pods of workspaces pull with, where it is there. */
const PULL_SECRET = 'contoso-pull';

/** The cluster that workspaces of Coder v2 run in. */
export async function startWorkspaceCluster(
  options: KubernetesOptions,
  bridgeObjectId: string,
): Promise<KubernetesStandIn> {
  const standIn = await startKubernetes(options);
  for (const namespace of NAMESPACES) {
    standIn.cluster.namespaces.add(namespace);
    standIn.cluster.grants.push({ user: bridgeObjectId, namespace, verbs: ['get', 'create', 'patch'] });
  }
  return standIn;
}

/** Nodes without a Secret pull as an identity of theirs that has AcrPull, for which a login stands here. */
export function pullSecretIn(
  { cluster }: KubernetesStandIn,
  loginServer: string,
  { username, password }: RegistryUser,
): PullSecret {
  const delivered = cluster.text(NAMESPACES[0] as string, PULL_SECRET);
  return delivered ? JSON.parse(delivered) : { auths: { [loginServer]: { username, password } } };
}
