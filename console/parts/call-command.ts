import { getKey } from '../session.ts';

/** The command line that makes the same call as a button. */
export function callCommand(method: string, path: string, body?: unknown): string {
  const who =
    getKey() === undefined ? '-H "Authorization: Bearer $TOKEN"' : '-H "x-functions-key: $FUNCTION_KEY"';
  const said = body === undefined ? '' : ` -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  const url = `${location.origin}/api/${path}`;
  return `curl -s -X ${method} ${who}${said} ${/[?&]/.test(url) ? `"${url}"` : url}`;
}
