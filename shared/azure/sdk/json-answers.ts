import { type AdditionalPolicy, perRequest } from './policy.ts';

/**
 * For clients of services that answer with JSON objects. Proxies and firewalls refuse with an empty body: the SDKs fail
 * to parse that and hide the status. And they answer 200 with a page of their own, which the SDKs take for an empty
 * answer: a list of tags for no tags. This policy gives the one a body, and makes the other a bad gateway.
 */
export const jsonAnswers = answersOf({ mayBeEmpty: false });

/** The same for Azure Resource Manager: what tells the end of a long-running operation may have no body. */
export const jsonAnswersOrNone = answersOf({ mayBeEmpty: true });

function answersOf({ mayBeEmpty }: { mayBeEmpty: boolean }): AdditionalPolicy {
  return perRequest('json-answers', async (request, next) => {
    const response = await next(request);
    const { status, headers } = response;
    const text = response.bodyAsText?.trim() ?? '';
    const refuse = (as: number, code: string, message: string) => {
      response.status = as;
      headers.set('content-type', 'application/json');
      response.bodyAsText = JSON.stringify({ error: { code, message } });
    };

    const isLacking = !text && request.method === 'GET' && !mayBeEmpty;
    if (status >= 400 && !text) refuse(status, String(status), `${status}, empty body`);
    if (status === 200 && (text ? !text.startsWith('{') : isLacking)) {
      const body = text ? (headers.get('content-type') ?? 'no type') : 'an empty body';
      refuse(502, 'NO_JSON', `200 with ${body} in place of a JSON object, as a proxy answers`);
    }
    return response;
  });
}
