import { randomInt } from 'node:crypto';
import type { Secrets } from '../../secrets.ts';
import type { ApiKey } from './state.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const HOUR_SECONDS = 3600;

/** How long a token lives when the request does not say. */
export const STANDARD_LIFETIME_SECONDS = 168 * HOUR_SECONDS;

export interface KeyFields {
  userId: string;
  tokenName?: string;
  lifetimeSeconds?: number;
  /** None means everything. */
  scopes?: string[];
  allowList?: { type: string; id: string }[];
  loginType?: 'password' | 'token';
}

/** A new key. Its token is `<id>-<secret>`. */
export function newKey(fields: KeyFields, now: Date, secrets: Secrets): ApiKey {
  const { lifetimeSeconds = STANDARD_LIFETIME_SECONDS, scopes = [], allowList = [] } = fields;
  const key: ApiKey = {
    id: randomText(10),
    secret: randomText(22),
    userId: fields.userId,
    tokenName: fields.tokenName ?? randomText(8).toLowerCase(),
    loginType: fields.loginType ?? 'token',
    scopes: scopes.length > 0 ? scopes : ['coder:all'],
    allowList: allowList.length > 0 ? allowList : [{ type: '*', id: '*' }],
    createdAt: now,
    updatedAt: now,
    lastUsed: now,
    expiresAt: new Date(now.getTime() + lifetimeSeconds * 1000),
    lifetimeSeconds,
  };
  secrets.issue(tokenOf(key));
  return key;
}

export function tokenOf({ id, secret }: ApiKey): string {
  return `${id}-${secret}`;
}

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

export function keyView(key: ApiKey): object {
  return {
    id: key.id,
    user_id: key.userId,
    last_used: key.lastUsed.toISOString(),
    expires_at: key.expiresAt.toISOString(),
    created_at: key.createdAt.toISOString(),
    updated_at: key.updatedAt.toISOString(),
    login_type: key.loginType,
    // The field of before there were several scopes.
    scope: key.scopes.includes('coder:all') ? 'all' : '',
    scopes: key.scopes,
    token_name: key.loginType === 'token' ? key.tokenName : '',
    lifetime_seconds: key.lifetimeSeconds,
    allow_list: key.allowList,
  };
}
