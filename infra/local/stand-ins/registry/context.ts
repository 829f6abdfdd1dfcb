import type { Access } from './access.ts';
import type { ManifestChange } from './registry-event.ts';
import type { RegistryStorage } from './storage.ts';

/** What the routes of one registry share. */
export interface RegistryContext {
  /** Host and port. */
  loginServer(): string;
  access: Access;
  storage: RegistryStorage;
  /** Sends the event to the subscribers, after the client got its answer. */
  announcePush(change: ManifestChange, tag?: string): void;
  announceDelete(change: ManifestChange): void;
}
