import { EventGridPublisherClient } from '@azure/eventgrid';
import type { TokenCredential } from '@azure/identity';
import { describe } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { redactAll } from '../lib/redaction/redact.ts';
import { timeLimit } from '../lib/time-limit.ts';

/** Data of each published event, by the last part of the CloudEvent's type. */
export interface BridgeEvents {
  'Registry.CredentialRotated': { registry: string; kind: string; username: string; expiresOn?: Date };
  'Registry.RotationFailed': { registry: string; kind: string; reason: string; message: string };
  'Registry.CredentialExpiring': { registry: string; kind: string; username: string; expiresOn: Date };
  'Image.Imported': { registry: string; repository: string; tag: string; digest?: string; reason: string };
  'Image.ImportFailed': {
    registry: string;
    repository: string;
    tag: string;
    reason: string;
    message: string;
  };
}

/** Publishes what happened, without secrets, after it was recorded. Never fails, and takes five seconds at most. */
export type Publish = <T extends keyof BridgeEvents>(
  type: T,
  subject: string,
  data: BridgeEvents[T],
) => Promise<void>;

/** CloudEvents asks for types that begin with a reversed DNS name (cloudevents/spec, `type`). */
export const TYPE_PREFIX = 'com.coder.acr-bridge.';
const SOURCE = 'coder-acr-bridge';
const LONGEST_MS = 5_000;

/** @param endpoint an Event Grid topic that takes CloudEvents 1.0; without it, nothing is published */
export function createPublish(endpoint: string | undefined, credential: TokenCredential, log: Log): Publish {
  if (!endpoint) return async () => {};
  const retryOptions = { maxRetries: 1 };
  const client = new EventGridPublisherClient(endpoint, 'CloudEvent', credential, { retryOptions });
  return async (type, subject, data) => {
    try {
      await client.send([{ type: `${TYPE_PREFIX}${type}`, source: SOURCE, subject, data: redactAll(data) }], {
        abortSignal: timeLimit(LONGEST_MS),
      });
    } catch (error) {
      log.warn('event not published', { type, subject, message: describe(error) });
    }
  };
}
