/** Decides whether the bridge may send Entra tokens for AKS to an API server. */
export type ClusterCheck = (host: string) => boolean;

/** API servers of AKS, public and private. https://learn.microsoft.com/azure/aks/private-clusters */
const AKS_HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.azmk8s\.io(?::443)?$/;

/** @param others hosts, `host` or `host:port` in lower case, that are allowed in addition to those of AKS */
export function createClusterCheck(others: readonly string[]): ClusterCheck {
  return host => AKS_HOST.test(host.toLowerCase()) || others.includes(host.toLowerCase());
}
