import { perRequest } from './policy.ts';

/**
 * Proxies and firewalls refuse with an empty body. The SDKs fail to parse that and hide the status, so this policy gives
 * them a body. Add it to clients of services that answer in JSON.
 */
export const nameEmptyErrors = perRequest('name-empty-errors', async (request, next) => {
  const response = await next(request);
  if (response.status >= 400 && !response.bodyAsText?.trim()) {
    const error = { code: String(response.status), message: `${response.status}, empty body` };
    response.bodyAsText = JSON.stringify({ error });
  }
  return response;
});
