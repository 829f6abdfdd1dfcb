/** The API server of a cluster. */
export interface Cluster {
  /** Base URL. */
  server: string;
  /** PEM; the usual authorities when absent. */
  certificateAuthority?: string | undefined;
}

export interface SecretAddress {
  cluster: Cluster;
  namespace: string;
  secret: string;
}

/** With its port, where that is not 443. */
export function hostOf({ cluster }: SecretAddress): string {
  return new URL(cluster.server).host;
}
