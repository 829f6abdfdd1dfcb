import { expect } from 'vitest';
import type { ApiKey } from '../../../../../infra/local/stand-ins/coder-v2/state.ts';
import type { KeyFields } from '../../../../../infra/local/stand-ins/coder-v2/tokens.ts';
import { createTokenSource } from '../../../../../shared/azure/key-vault/cached-secret.ts';
import { createV2Client, type V2Client } from '../../../../../shared/coder/v2/client.ts';
import { createPauses } from '../../../../../shared/lib/pauses.ts';
import type { Services } from '../../../../../shared/services.ts';
import { type Bridge, startBridge } from '../../../../support/bridge.ts';
import { coderOf } from '../../../../support/coder-v2.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 1_440 * MINUTE_MS;
const SECRET = 'coder-session-token';

/** A bridge whose session token ends some day, in a cloud whose clock tests move. */
export interface TokenWorld {
  bridge: Bridge;
  coder: ReturnType<typeof coderOf>;
  /** Makes a token of the bridge's user by hand, stores it, and ends all others of that user. */
  use(fields: Omit<KeyFields, 'userId'>, username?: string): ApiKey;
  newInstance(settings?: Record<string, string>): Services;
  /** Every token of the bridge's user, the oldest first. */
  keys(): ApiKey[];
  /** The token in Key Vault, if Coder has it and it has not ended. */
  inUse(): ApiKey | undefined;
  /** An instance of the app that only uses the token, with what it has in its memory. */
  bystander(): V2Client;
  /** Fails unless the token in Key Vault works. */
  expectWorking(where: string): void;
  /** Runs of the timer until no step is due any more. */
  untilQuiet(instance: Services, where: string): Promise<void>;
  run(instance: Services): Promise<void>;
}

/** Two runs, and more than what a lost answer of Coder or a use in other instances is waited for. */
const QUIET_AFTER_MS = [2 * MINUTE_MS, 11 * MINUTE_MS, 61 * MINUTE_MS, 2 * MINUTE_MS];

export async function startTokenWorld(): Promise<TokenWorld> {
  const bridge = await startBridge({ coderGeneration: 'v2' });
  const { cloud, services, log } = bridge;
  const { clock } = cloud;
  const coder = coderOf(cloud);
  const { keyVault } = cloud.standIns;
  let user = 'acr-bridge';
  coder.people.add({ username: 'root', roles: ['owner'] });

  const userId = () => coder.state().users.find(({ username }) => username === user)?.id;
  const keys = () => coder.state().keys.filter(key => key.userId === userId());
  const inUse = () => {
    const token = keyVault.values()[SECRET];
    return keys().find(({ id, secret, expiresAt }) => `${id}-${secret}` === token && expiresAt > clock.now());
  };
  const run = async (instance: Services) => instance.tokenRenewal?.run(log);

  return {
    ...{ bridge, coder, keys, inUse, run },
    newInstance: bridge.anotherInstance,

    use(fields, username = 'acr-bridge') {
      user = username;
      for (const { id } of keys()) coder.controls.expireToken(id);
      const token = coder.people.token(username, fields);
      keyVault.put(SECRET, token);
      return keys().find(({ id }) => token.startsWith(id)) as ApiKey;
    },

    bystander: () =>
      createV2Client({
        url: coder.url,
        sessionToken: createTokenSource(services.vault, SECRET, clock.now),
        authorization: async () => undefined,
        maxConcurrent: 8,
        pauses: createPauses(clock.now),
      }),

    expectWorking: where => expect(inUse(), `${where}: Key Vault has no working token`).toBeDefined(),

    async untilQuiet(instance, where) {
      await run(instance);
      for (const ms of QUIET_AFTER_MS) {
        clock.advance(ms);
        await run(instance);
        expect(inUse(), `${where}: Key Vault has no working token`).toBeDefined();
      }
    },
  };
}

/** The tokens that have not ended. */
export function alive(keys: readonly ApiKey[], now: Date): ApiKey[] {
  return keys.filter(({ expiresAt }) => expiresAt > now);
}
