import { randomUUID } from 'node:crypto';
import type { Secrets } from '../../secrets.ts';

/** An app registration in the tenant. */
export interface AppRegistration {
  /** Of the application, which is not that of its service principal. */
  objectId: string;
  /** Client id: the user name at registries. */
  appId: string;
  displayName: string;
  /** Object ids of the service principals that own it. */
  owners: string[];
  signInAudience?: 'AzureADMyOrg' | 'AzureADMultipleOrgs' | 'AzureADandPersonalMicrosoftAccount';
}

/** One client secret. */
export interface ClientSecret {
  keyId: string;
  displayName: string | null;
  secretText: string;
  start: Date;
  end: Date;
  addedAt: Date;
  /** Number of logins tried with it. */
  tried: number;
}

export interface NewSecret {
  displayName?: string | null | undefined;
  start?: Date | undefined;
  end?: Date | undefined;
}

/** Choices where the behaviour of Entra varies. Tests may change them; they are read on each request. */
export interface GraphBehaviour {
  /** How long Entra alternately refuses and accepts a new secret. 4 to 18 seconds were seen in practice. */
  propagationMs: number;
  /** The longest that a secret may live by the tenant's application management policy; none by default. */
  longestLifetimeMs?: number | undefined;
}

/** The present application. A test that calls these methods does what a person does in the portal. */
export interface Application {
  registration: AppRegistration;
  secrets(): readonly ClientSecret[];
  add(secret: NewSecret): ClientSecret;
  /** @returns whether there was one */
  remove(keyId: string): boolean;
  /** Entra's result of signing in with it. */
  accepts(secretText: string): boolean;
}

const DEFAULT_YEARS = 2;

export function createApplication(
  registration: AppRegistration,
  now: () => Date,
  issued: Secrets,
  behaviour: Readonly<GraphBehaviour>,
): Application {
  let secrets: ClientSecret[] = [];
  return {
    registration,
    secrets: () => secrets,
    add({ displayName = null, start = now(), end = yearsAfter(start, DEFAULT_YEARS) }) {
      const added = { keyId: randomUUID(), displayName, secretText: issued.random(), start, end };
      const secret = { ...added, addedAt: now(), tried: 0 };
      secrets = [...secrets, secret];
      return secret;
    },
    remove(keyId) {
      const left = secrets.filter(secret => secret.keyId !== keyId);
      const removed = left.length < secrets.length;
      secrets = left;
      return removed;
    },
    accepts(secretText) {
      const secret = secrets.find(candidate => candidate.secretText === secretText);
      if (!secret || now() < secret.start || secret.end <= now()) return false;
      secret.tried += 1;
      // Entra's servers do not all know a new secret at once (microsoftgraph/microsoft-graph-docs#17966).
      const everywhere = now().getTime() >= secret.addedAt.getTime() + behaviour.propagationMs;
      return everywhere || secret.tried % 2 === 0;
    },
  };
}

function yearsAfter(start: Date, years: number): Date {
  const end = new Date(start);
  end.setUTCFullYear(end.getUTCFullYear() + years);
  return end;
}
