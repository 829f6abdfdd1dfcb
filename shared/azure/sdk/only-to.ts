import { remember } from '../../lib/redaction/redact.ts';
import { type AdditionalPolicy, perRequest } from './policy.ts';

/**
 * Keeps a client at its own service. The next page of a list and the address of an operation under way come from answers,
 * and the SDKs send the token wherever they lead. Clients for tables and topics have neither; redirects to other origins
 * the SDKs do not follow, but for those of registries.
 *
 * @param url address of the service
 */
export function onlyTo(url: string): AdditionalPolicy {
  return perRequest('only-to-own-service', async (request, next) => {
    refuseOther(new URL(url), new URL(request.url));
    return next(request);
  });
}

/**
 * As `onlyTo`, for registries: they redirect requests for blobs to storage, whose signed addresses are enough to read
 * them. So reading goes on elsewhere, without a token, which the SDK adds again.
 */
export function onlyReadsLeave(url: string): AdditionalPolicy {
  return perRequest('only-reads-leave', async (request, next) => {
    const target = new URL(request.url);
    if (target.origin === new URL(url).origin) return next(request);
    if (request.method !== 'GET') refuseOther(new URL(url), target);
    request.headers.delete('Authorization');
    remember(target.searchParams.get('sig') ?? undefined);
    return next(request);
  });
}

/** @throws Error when the target is no address of the own service */
export function refuseOther(own: URL, target: URL): void {
  if (target.origin === own.origin) return;
  throw new Error(`${own.host} leads to ${target.origin}, and the bridge sends its tokens nowhere else.`);
}
