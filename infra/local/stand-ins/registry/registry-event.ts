import { randomUUID } from 'node:crypto';
import type { StandInRequest } from '../../stand-in-messages.ts';
import type { Manifest } from './storage.ts';

/** What Event Grid delivers for a registry, in the Event Grid schema. */
export interface RegistryEvent {
  id: string;
  /** ARM id of the registry. */
  topic: string;
  subject: string;
  eventType: 'Microsoft.ContainerRegistry.ImagePushed' | 'Microsoft.ContainerRegistry.ImageDeleted';
  eventTime: string;
  dataVersion: '2.0';
  metadataVersion: '1';
  data: {
    id: string;
    /** RFC 3339 with nanoseconds. */
    timestamp: string;
    action: 'push' | 'delete';
    location: string;
    target: EventTarget;
    request: { id: string; host: string; method: string; useragent?: string; addr: string };
  };
}

interface EventTarget {
  mediaType: string;
  /** In bytes, as is `length`; only of a push. */
  size?: number;
  digest: string;
  length?: number;
  repository: string;
  /** Only of a push by tag. A deleted manifest no longer has any. */
  tag?: string;
}

/** What a client did to a manifest. */
export interface ManifestChange {
  request: StandInRequest;
  repository: string;
  manifest: Omit<Manifest, 'createdAt'>;
}

const LOCATION = 'westeurope';

/** https://learn.microsoft.com/azure/event-grid/event-schema-container-registry */
export function pushed(topic: string, at: Date, change: ManifestChange, tag?: string): RegistryEvent {
  const { repository, manifest } = change;
  const { mediaType, digest, content } = manifest;
  const size = { size: content.length, length: content.length };
  return {
    ...envelope(topic, at),
    subject: tag === undefined ? repository : `${repository}:${tag}`,
    eventType: 'Microsoft.ContainerRegistry.ImagePushed',
    data: {
      ...data(at, change.request),
      id: randomUUID(),
      action: 'push',
      target: { mediaType, ...size, digest, repository, ...(tag === undefined ? {} : { tag }) },
    },
  };
}

/** Names neither tag nor size, and uses one id for envelope and data, as the documented sample does. */
export function deleted(topic: string, at: Date, change: ManifestChange): RegistryEvent {
  const { repository, manifest } = change;
  const common = envelope(topic, at);
  return {
    ...common,
    subject: repository,
    eventType: 'Microsoft.ContainerRegistry.ImageDeleted',
    data: {
      ...data(at, change.request),
      id: common.id,
      action: 'delete',
      target: { mediaType: manifest.mediaType, digest: manifest.digest, repository },
    },
  };
}

function envelope(topic: string, at: Date) {
  return {
    id: randomUUID(),
    topic,
    eventTime: at.toISOString(),
    dataVersion: '2.0' as const,
    metadataVersion: '1' as const,
  };
}

function data(at: Date, { url, method, headers }: StandInRequest) {
  const useragent = headers['user-agent'];
  return {
    timestamp: at.toISOString().replace('Z', '000000Z'),
    location: LOCATION,
    request: {
      id: randomUUID(),
      host: url.host,
      method,
      ...(useragent === undefined ? {} : { useragent }),
      addr: '127.0.0.1',
    },
  };
}
