/** Decides whether the bridge may send tokens to a registry's host. */
export type HostCheck = (host: string) => boolean;

/**
 * Login servers of ACR in Azure's clouds: `NAME.azurecr.io`, with the dashed hash of a domain name label, and the
 * regional `NAME.REGION.geo.azurecr.io`.
 */
const ACR_HOST = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+\.geo)?\.azurecr\.(?:io|cn|us)$/;

/** @param others hosts, `host` or `host:port` in lower case, that are allowed in addition to those of ACR */
export function createHostCheck(others: readonly string[]): HostCheck {
  return host => ACR_HOST.test(host.toLowerCase()) || others.includes(host.toLowerCase());
}
