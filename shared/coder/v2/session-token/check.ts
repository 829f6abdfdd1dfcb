import { type Check, fine, unclear, wrong } from '../../../lib/check.ts';
import type { TargetDiagnosis } from '../../target.ts';
import type { V2Client } from '../client.ts';
import type { CoderUser } from '../schema.ts';
import { endsSoon, renewOn } from './decide.ts';
import { idOf, missingRights } from './rights.ts';

interface TokenCheckOptions {
  coder: V2Client;
  /** @param renew asks Key Vault even if a token is at hand */
  sessionToken(renew: boolean): Promise<string>;
  renewal: 'on' | 'off';
  now: () => Date;
}

const DAY_MS = 86_400_000;

/** How long the session token lives, and whether the bridge can renew it. @param makeToken how a person makes another */
export function tokenLifetimeCheck(
  { coder, sessionToken, renewal, now }: TokenCheckOptions,
  me: (signal: AbortSignal) => Promise<CoderUser>,
  makeToken: string,
): Check<TargetDiagnosis> {
  return {
    name: 'coder-token-lifetime',
    truth: 'The session token does not end soon, and is not of an Owner.',
    needs: ['coder-token'],
    async run({ signal }) {
      const key = await coder.key(idOf(await sessionToken(false)), signal);
      if (!key) return unclear('Coder does not show when the token ends.');
      const days = Math.floor((key.expires_at.getTime() - now().getTime()) / DAY_MS);
      const ends = `The token ends on ${key.expires_at.toISOString()}, in ${days} days.`;
      if ((await me(signal)).roles?.some(({ name }) => name === 'owner')) {
        const why = `${ends} It is of an Owner: Coder ends such tokens after 168 hours, and this one may do everything.`;
        return wrong('coder-token-of-owner', why, makeToken);
      }
      const missing = renewal === 'on' ? await missingRights(coder, signal) : 'CODER_TOKEN_RENEWAL is off.';
      const message = missing
        ? `${ends} The bridge does not renew it: ${missing}`
        : `${ends} ${whenRenewed(renewOn(key), now())}`;
      return endsSoon(key, now()) ? wrong('coder-token-ends-soon', message, makeToken) : fine(message);
    },
  };
}

function whenRenewed(on: Date, now: Date): string {
  return on > now
    ? `The bridge renews it on ${on.toISOString()}.`
    : `The bridge should have renewed it since ${on.toISOString()}; its log says why not, as "coder token not renewed".`;
}
