import type { Secrets } from './secrets.ts';
import type { StandInRequest } from './stand-in.ts';

/** One request that was made of a stand-in, with its secrets blanked. */
export interface LoggedRequest {
  at: string;
  method: string;
  /** Path and query. */
  path: string;
  /** Only the scheme of the Authorization header (`Bearer`, `Basic`), absent when there was none. */
  authorization?: string;
  /** The body when it is short text. */
  body?: string;
  /** Filled when the answer is known; a dropped or hanging request has none. */
  status?: number;
}

export interface RequestLog {
  begin(request: StandInRequest): LoggedRequest;
  all(): readonly LoggedRequest[];
  clear(): void;
}

const SECRET_FIELD =
  /("(?:password|secret|token|value|access_token|refresh_token)"\s*:\s*")(?:[^"\\]|\\.)*"|\b((?:password|access_token|refresh_token|sig)=)[^&\s]*/gi;
const LONGEST_BODY = 4_096;

export function createRequestLog(secrets: Secrets): RequestLog {
  const entries: LoggedRequest[] = [];
  const blank = (text: string) =>
    secrets.blank(text).replace(SECRET_FIELD, (_, json, form) => (json ? `${json}***"` : `${form}***`));
  return {
    begin({ method, url, headers, body }) {
      const entry: LoggedRequest = {
        at: new Date().toISOString(),
        method,
        path: blank(url.pathname + url.search),
      };
      const scheme = headers.authorization?.split(' ')[0];
      if (scheme) entry.authorization = scheme;
      if (body.length > 0 && body.length <= LONGEST_BODY && isText(headers['content-type'])) {
        entry.body = blank(body.toString());
      }
      entries.push(entry);
      return entry;
    },
    all: () => entries,
    clear: () => {
      entries.length = 0;
    },
  };
}

function isText(contentType: string | undefined): boolean {
  return contentType !== undefined && /json|x-www-form-urlencoded|text\//.test(contentType);
}
