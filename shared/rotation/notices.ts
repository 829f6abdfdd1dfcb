import type { Publish } from '../azure/event-grid.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import type { Failure, IssuedCredential, KnownCredential } from '../credentials/state.ts';
import type { Log } from '../lib/log.ts';

/** Logs what happens to a registry's credential and, where people act on it, publishes an event. */
export interface Notices {
  issued(kind: string, slot: string | undefined, why: string): void;
  rotated(credential: IssuedCredential, revokeOn: Date | undefined): Promise<void>;
  failed(kind: string, failure: Failure): Promise<void>;
  expiring(credential: IssuedCredential, expiresOn: Date): Promise<void>;
  revoked(credential: KnownCredential): void;
  /** The record was older than Key Vault. */
  recalled(credential: IssuedCredential): void;
  /** The registry refuses a password that Azure still has. */
  suspected(refusal: Failure): void;
  /** A service did not answer, but no step was due. */
  skipped(outage: Failure): void;
}

export function createNotices(publish: Publish, registry: string, log: Log): Notices {
  return {
    issued(kind, slot, why) {
      log.info('credential issued', { registry, kind, why, slot });
    },

    async rotated({ username, slot, declared: { kind }, expiresOn }, revokeOn) {
      log.info('rotation', { registry, kind, outcome: 'rotated', reason: 'rotated', slot, revokeOn });
      const data = { registry, kind, username, ...(expiresOn && { expiresOn }) };
      await publish('Registry.CredentialRotated', registry, data);
    },

    async failed(kind, { reason, message }) {
      log.error('rotation', { registry, kind, outcome: 'failed', reason, message });
      await publish('Registry.RotationFailed', registry, { registry, kind, reason, message });
    },

    async expiring({ username, declared: { kind } }, expiresOn) {
      log.warn('credential expiring', { registry, kind, expiresOn });
      await publish('Registry.CredentialExpiring', registry, { registry, kind, username, expiresOn });
    },

    revoked({ slot, declared: { kind } }) {
      if (credentialKind(kind).issuer) log.info('credential revoked', { registry, kind, slot });
      // A supplied credential goes on working for others who have it.
      else log.info('credential forgotten', { registry, kind });
    },

    recalled({ slot, issuedOn, declared: { kind } }) {
      log.warn('credential recalled from Key Vault', { registry, kind, slot, issuedOn });
    },

    suspected({ reason, message }) {
      log.warn('credential refused', { registry, reason, message });
    },

    skipped({ reason, message }) {
      log.warn('credential check skipped', { registry, reason, message });
    },
  };
}
