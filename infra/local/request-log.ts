import type { Secrets } from './secrets.ts';
import type { StandInRequest } from './stand-in-messages.ts';

/** One request to a stand-in, with its secrets masked. */
export interface LoggedRequest {
  at: string;
  method: string;
  /** Path and query. */
  path: string;
  /** Only the scheme of the Authorization header (`Bearer`, `Basic`), absent when there was none. */
  authorization?: string;
  /** The body when it is short text. */
  body?: string;
  /** Set when the answer is known; a dropped or hanging request has none. */
  status?: number;
}

export interface RequestLog {
  begin(request: StandInRequest): LoggedRequest;
  /** Marks the request as ended: the stand-in is about to answer, or the client closed the connection. */
  end(entry: LoggedRequest): void;
  /** The newest 20,000, oldest first. */
  all(): readonly LoggedRequest[];
  /** Number of requests under way. */
  underWay(): number;
  /** The most requests that were under way at once since the start, or since `clear()`. */
  peak(): number;
  clear(): void;
}

const SECRET_FIELD =
  /("(?:password|secret|token|value|access_token|refresh_token)"\s*:\s*")(?:[^"\\]|\\.)*"|\b((?:password|access_token|refresh_token|sig)=)[^&\s]*/gi;
const LONGEST_BODY = 4_096;
const MOST_ENTRIES = 20_000;

export function createRequestLog(secrets: Secrets): RequestLog {
  const entries: LoggedRequest[] = [];
  const underWay = new Set<LoggedRequest>();
  let peak = 0;
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
      if (entries.length >= 2 * MOST_ENTRIES) entries.splice(0, MOST_ENTRIES);
      underWay.add(entry);
      peak = Math.max(peak, underWay.size);
      return entry;
    },
    end: entry => void underWay.delete(entry),
    all: () => entries.slice(-MOST_ENTRIES),
    underWay: () => underWay.size,
    peak: () => peak,
    clear: () => {
      entries.length = 0;
      peak = underWay.size;
    },
  };
}

function isText(contentType: string | undefined): boolean {
  return contentType !== undefined && /json|x-www-form-urlencoded|text\//.test(contentType);
}
