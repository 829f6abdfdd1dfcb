import { createTokenIssuer } from '../../jwt.ts';
import type { Secrets } from '../../secrets.ts';
import type { VerifyEntraToken } from '../bearer.ts';

/** A user-assigned managed identity. */
export interface ManagedIdentity {
  clientId: string;
  /** Object id of its service principal: what roles are given to. */
  objectId: string;
  name: string;
}

/** What the endpoints of managed identities answer. */
export interface TokenAnswer {
  access_token: string;
  /** Seconds since the epoch, as text. */
  expires_on: string;
  /** Seconds, as text. */
  expires_in: string;
  resource: string;
  token_type: 'Bearer';
  client_id: string;
}

export interface Tokens {
  /** A token for `resource`, with or without `/.default` at its end. */
  issue(identity: ManagedIdentity, resource: string): Promise<TokenAnswer>;
  /** How long tokens live that are issued from now on; as long as in Azure by default. */
  giveTokensFor(seconds?: number): void;
  verify: VerifyEntraToken;
}

/** Managed identities get tokens for about a day. */
const LIFETIME_SECONDS = 24 * 3600;

export function createTokens(key: Uint8Array, tenantId: string, now: () => Date, secrets: Secrets): Tokens {
  const issuer = createTokenIssuer(key, now);
  let lifetimeSeconds = LIFETIME_SECONDS;
  return {
    verify: issuer.verify,
    giveTokensFor(seconds = LIFETIME_SECONDS) {
      lifetimeSeconds = seconds;
    },
    async issue({ clientId, objectId, name }, resource) {
      const audience = resource.replace(/\/\.default$/, '');
      const claims = {
        aud: audience,
        iss: `https://sts.windows.net/${tenantId}/`,
        tid: tenantId,
        oid: objectId,
        sub: objectId,
        appid: clientId,
        app_displayname: name,
        idtyp: 'app',
        ver: '1.0',
      };
      return {
        access_token: secrets.issue(await issuer.sign(claims, lifetimeSeconds)),
        expires_on: String(Math.floor(now().getTime() / 1000) + lifetimeSeconds),
        expires_in: String(lifetimeSeconds),
        resource: audience,
        token_type: 'Bearer',
        client_id: clientId,
      };
    },
  };
}
