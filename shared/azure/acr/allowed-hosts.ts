import { ServiceError } from '../../errors.ts';

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

/**
 * The one guard before every call that carries a token or a password to a registry.
 * @throws ServiceError `registry-unauthorized` when the host is not allowed
 */
export function refuseOtherHost(isAllowed: HostCheck, host: string, what: 'tokens' | 'passwords'): void {
  if (isAllowed(host)) return;
  const message = `${host} is not an allowed host: the bridge sends it no ${what}.`;
  throw new ServiceError('registry-unauthorized', message);
}
