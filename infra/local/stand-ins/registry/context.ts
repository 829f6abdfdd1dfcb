import type { Access } from './access.ts';
import type { Locks } from './locks.ts';
import type { ManifestChange } from './registry-event.ts';
import type { Replica } from './replica.ts';
import type { RegistryStorage } from './storage.ts';

/** What the routes of one registry share. */
export interface RegistryContext {
  /** Host and port. */
  loginServer(): string;
  access: Access;
  /** Everything that was pushed. */
  storage: RegistryStorage;
  /** What clients see of it. */
  replica: Replica;
  locks: Locks;
  /** Sends the event to the subscribers, after the client got its answer. */
  announcePush(change: ManifestChange, tag?: string): void;
  announceDelete(change: ManifestChange): void;
}
