import { createAdmin } from './admin.ts';
import { createEventGridWebhook, EVENT_GRID_PATH } from './event-grid-webhook.ts';
import type { HostRequest, HostResponse } from './http-message.ts';
import { createHttpTrigger, type HttpTriggerOptions } from './http-trigger.ts';

/** The platform's limits, in characters. */
const LONGEST_URL = 8_192;
const LONGEST_QUERY = 4_096;

export type Dispatch = (request: HostRequest) => Promise<HostResponse>;

/** Sends each request to the part of the host that answers it. */
export function createDispatch(options: HttpTriggerOptions): Dispatch {
  const handleAdmin = createAdmin(options);
  const handleEventGrid = createEventGridWebhook(options);
  const handleHttp = createHttpTrigger(options);

  return async request => {
    const { href, pathname, search } = request.url;
    if (href.length > LONGEST_URL || search.length > LONGEST_QUERY) return { status: 414 };
    if (/^\/admin(\/|$)/i.test(pathname)) return handleAdmin(request);
    if (pathname.toLowerCase() === EVENT_GRID_PATH) return handleEventGrid(request);
    return handleHttp(request);
  };
}
