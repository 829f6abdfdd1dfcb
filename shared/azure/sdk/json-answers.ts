import { type AdditionalPolicy, perRequest } from './policy.ts';

/**
 * For clients of services that answer with JSON objects. Proxies and firewalls refuse with an empty body: the SDKs fail
 * to parse that and hide the status. And they answer 200 with a page of their own, which the SDKs take for an empty
 * answer: a list of tags for no tags. This policy gives the one a body, and makes the other a bad gateway.
 */
export const jsonAnswers: AdditionalPolicy = perRequest('json-answers', async (request, next) => {
  const response = await next(request);
  const text = response.bodyAsText?.trim() ?? '';
  if (response.status >= 400 && !text)
    refuse(response.status, String(response.status), `${response.status}, empty body`);
  if (response.status === 200 && !text.startsWith('{') && (request.method === 'GET' || text)) {
    const type = response.headers.get('content-type') ?? 'no type';
    refuse(
      502,
      'NO_JSON',
      `200 with ${text ? type : 'an empty body'} in place of a JSON object, as a proxy answers`,
    );
  }
  return response;

  function refuse(status: number, code: string, message: string): void {
    response.status = status;
    response.headers.set('content-type', 'application/json');
    response.bodyAsText = JSON.stringify({ error: { code, message } });
  }
});
