import { randomBytes } from 'node:crypto';
import type { Vault } from '../../../azure/key-vault/vault.ts';
import type { LeasedRows } from '../../../azure/tables/leased-rows.ts';
import { ConflictError, ServiceError, StorageError } from '../../../errors.ts';
import type { Log } from '../../../lib/log.ts';
import { timeLimit } from '../../../lib/time-limit.ts';
import { NANOSECONDS, type V2Client } from '../client.ts';
import type { ApiKey } from '../schema.ts';
import { decideToken, endsSoon, noted, renewOn } from './decide.ts';
import { idOf, missingRights } from './rights.ts';
import type { OwnToken, TokenRow } from './state.ts';

export interface TokenRenewalOptions {
  /** Calls Coder with the session token that Key Vault holds. */
  coder: V2Client;
  /** Calls the same Coder with another token. */
  clientWith(token: string): V2Client;
  /** @param renew asks Key Vault even if a token is at hand */
  sessionToken(renew: boolean): Promise<string>;
  vault: Pick<Vault, 'write' | 'proveWrite'>;
  /** Name of the secret that holds the session token. */
  tokenSecret: string;
  rows: LeasedRows<TokenRow>;
  renewal: 'on' | 'off';
  now: () => Date;
}

/** Keeps the bridge's session token of Coder alive. */
export interface TokenRenewal {
  /**
   * Logs how long the session token lives, and takes the steps that are due. After a crash the next call goes on from
   * there, in this instance or another.
   */
  run(log: Log): Promise<void>;
}

const KEY = { partitionKey: '@coder-token', rowKey: '@coder-token' };
/** Well below the time of a lease. */
const BUDGET_MS = 20_000;
/** For another run to give the row back. */
const LEASE_WAIT_MS = 1_000;

export function createTokenRenewal(options: TokenRenewalOptions): TokenRenewal {
  const { coder, rows, renewal, now } = options;

  /** The token in Key Vault as Coder shows it; undefined when it may not show it. */
  async function look(signal: AbortSignal): Promise<ApiKey | undefined> {
    return coder.key(idOf(await options.sessionToken(true)), signal);
  }

  async function carryOn(row: TokenRow, save: () => Promise<void>, signal: AbortSignal, log: Log) {
    for (let key = await look(signal); key && !signal.aborted; key = await look(signal)) {
      const step = decideToken({ state: row.token, key, now: now() });
      if (step.do === 'nothing') return;
      if (step.do === 'note') row.token = noted(row.token, key, now());
      else if (step.do === 'delete') await remove(options, row, step.token, signal, log);
      else {
        await create(options, row, key, save, signal, log).catch((error: unknown) => {
          if (error instanceof ServiceError) fail(row, error, now(), log);
          throw error;
        });
      }
      await save();
    }
  }

  async function runOnce(signal: AbortSignal, log: Log): Promise<void> {
    const { token: state } = await rows.read(KEY);
    const key = await look(signal);
    // Logged on each run, so that an alert stays on until the token is renewed.
    const outlook = key && {
      expiresOn: key.expires_at,
      renewOn: renewOn(key),
      endsSoon: endsSoon(key, now()),
    };
    log.info('coder token', { ...outlook, renewal, lastFailure: state.failure });
    if (renewal === 'off' || !key || decideToken({ state, key, now: now() }).do === 'nothing') return;
    let isTaken = false;
    try {
      await rows.withLease(KEY, timeLimit(LEASE_WAIT_MS), async (row, _wasAbandoned, save) => {
        isTaken = true;
        await carryOn(row, save, signal, log);
      });
    } catch (error) {
      // Another instance is at it.
      if (isTaken && !(error instanceof ConflictError)) throw error;
    }
  }

  return {
    async run(log) {
      try {
        await runOnce(timeLimit(BUDGET_MS), log);
      } catch (error) {
        if (!(error instanceof ServiceError || error instanceof StorageError)) throw error;
        log.warn('coder token check incomplete', { message: error.message });
      }
    },
  };
}

/** Makes a token like the present one, tries it, and stores it. */
async function create(
  { coder, clientWith, sessionToken, vault, tokenSecret, now }: TokenRenewalOptions,
  row: TokenRow,
  key: ApiKey,
  save: () => Promise<void>,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const missing = await missingRights(coder, signal);
  if (missing) throw new ServiceError('coder-unauthorized', missing);
  await vault.proveWrite(tokenSecret);
  const lifetimeSeconds = Math.min(key.lifetime_seconds, await coder.longestTokenLifetime(signal));
  const before = await sessionToken(false);
  const name = tokenName(now());
  row.token.own.push({ name, on: now() });
  await save();
  const token = await coder.createToken(
    { token_name: name, lifetime: lifetimeSeconds * NANOSECONDS, ...limitsOf(key) },
    signal,
  );
  const renewed = clientWith(token);
  await renewed.me(signal);
  const expiresOn = (await renewed.key(idOf(token), signal))?.expires_at;
  // A person may have stored another one meanwhile, which is left.
  if ((await sessionToken(true)) !== before) return;
  await save();
  await vault.write(tokenSecret, token, { expiresOn });
  log.info('coder token renewed', { name });
}

async function remove(
  { coder }: TokenRenewalOptions,
  row: TokenRow,
  token: OwnToken,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { id = (await coder.findToken(token.name, signal))?.id } = token;
  if (id) {
    await coder.deleteToken(id, signal);
    log.info('coder token deleted', { name: token.name });
  }
  const own = row.token.own.filter(other => other !== token);
  row.token = { ...row.token, own };
}

/** Says it once, not again with each attempt. */
function fail(row: TokenRow, { reason, message }: ServiceError, on: Date, log: Log): void {
  if (row.token.failure?.reason !== reason) log.error('coder token not renewed', { reason, message });
  row.token = { ...row.token, failure: { on, reason, message } };
}

/** No two bridges may take each other's for their own, even with one user. */
function tokenName(now: Date): string {
  const minute = now.toISOString().replace(/\D/g, '').slice(0, 12);
  return `acr-bridge-${minute}-${randomBytes(3).toString('hex')}`;
}

/** No scopes mean all, so that a token that may do everything needs none. */
function limitsOf({ scopes, allow_list }: ApiKey) {
  const isAll = !scopes || scopes.length === 0 || scopes.includes('coder:all') || scopes.includes('all');
  return { ...(!isAll && { scopes }), ...(allow_list && allow_list.length > 0 && { allow_list }) };
}
