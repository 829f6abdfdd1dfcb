import * as z from 'zod';
import type { Secrets } from '../secrets.ts';
import { type StandIn, startStandIn } from '../stand-in.ts';
import type { Tls } from '../tls.ts';
import { bearerToken, type VerifyEntraToken } from './bearer.ts';

const CloudEvent = z.looseObject({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string().optional(),
  specversion: z.literal('1.0'),
  data: z.unknown(),
});
export type CloudEvent = z.infer<typeof CloudEvent>;

export interface TopicOptions {
  secrets: Secrets;
  tls: Tls;
  verifyEntraToken: VerifyEntraToken;
  /** Object ids of the identities with the role EventGrid Data Sender. */
  senders: string[];
}

/** Plays a custom topic of Event Grid that takes CloudEvents from Entra identities. */
export interface TopicStandIn extends StandIn {
  /** What the setting EVENTS_TOPIC_ENDPOINT holds. */
  endpoint: string;
  /** All that was published, oldest first. */
  published(): readonly CloudEvent[];
}

const AUDIENCE = 'https://eventgrid.azure.net';

export async function startTopic({
  senders,
  verifyEntraToken,
  ...server
}: TopicOptions): Promise<TopicStandIn> {
  const published: CloudEvent[] = [];
  const standIn = await startStandIn({
    ...server,
    routes: [
      {
        method: 'POST',
        path: /^\/api\/events$/,
        async handle(request) {
          const claims = await verifyEntraToken(bearerToken(request) ?? '');
          if (!claims || claims.aud !== AUDIENCE) return refusal(401, 'Unauthorized');
          if (!senders.includes(String(claims.oid))) return refusal(403, 'Forbidden');
          const events = z.array(CloudEvent).safeParse(parseJson(request.body.toString()));
          if (!events.success) return refusal(400, 'BadRequest');
          published.push(...events.data);
          return { status: 200 };
        },
      },
    ],
  });
  return { ...standIn, endpoint: `${standIn.url}/api/events`, published: () => published };
}

function refusal(status: number, code: string) {
  return { status, body: { error: { code, message: code, details: [] } } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
