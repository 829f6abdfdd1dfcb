import { ServiceError } from '../../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../../lib/check.ts';
import { once } from '../../lib/once.ts';
import { explainGeneration, explainReach, type OtherGeneration } from '../explain-unreachable.ts';
import type { TargetDiagnosis } from '../target.ts';
import type { V2Client } from './client.ts';
import { templateChecks } from './template-checks.ts';

export interface V2CheckOptions {
  deliveryCheck: Check<TargetDiagnosis>;
  coder: V2Client;
  /** Organization of destinations that name none. */
  organization: string;
  /** Name of the secret that holds the session token. */
  tokenSecret: string;
  sessionToken(): Promise<string>;
  now: () => Date;
  classic: OtherGeneration;
}

const OLDEST = { major: 2, minor: 24 };
const WARN_DAYS = 7;
const DAY_MS = 86_400_000;

/** Coder itself: whether it answers, what our token may do there, and whether it has the templates. */
export function v2Checks({
  coder,
  organization,
  tokenSecret,
  sessionToken,
  now,
  classic,
  deliveryCheck,
}: V2CheckOptions): Check<TargetDiagnosis>[] {
  const me = once((signal: AbortSignal) => coder.me(signal));
  const makeToken = `Make a token of a user with the role organization-template-admin (coder tokens create --name acr-bridge --lifetime 8760h), and store it in Key Vault as the secret ${tokenSecret}.`;

  return [
    {
      name: 'coder-reachable',
      truth:
        'The Coder that CODER_GENERATION names answers at CODER_URL, with a certificate that the bridge trusts.',
      needs: ['key-vault-read'],
      run: ({ signal }) => reach(coder, classic, signal),
    },
    {
      name: 'coder-token',
      truth: "Coder accepts the bridge's session token.",
      needs: ['coder-reachable'],
      async run({ signal }) {
        try {
          const { username } = await me(signal);
          return fine(`Coder knows the bridge as ${username}.`);
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          if (error.reason !== 'coder-unauthorized') return unclear(error.message);
          return wrong('coder-token-refused', error.message, makeToken);
        }
      },
    },
    {
      name: 'coder-token-lifetime',
      truth: 'The session token does not end within a week.',
      needs: ['coder-token'],
      async run({ signal }) {
        const key = await coder.key((await sessionToken()).split('-')[0] as string, signal);
        if (!key) return unclear('Coder does not show when the token ends.');
        const days = Math.floor((key.expires_at.getTime() - now().getTime()) / DAY_MS);
        const message = `The token ends on ${key.expires_at.toISOString()}, in ${days} days.`;
        return days < WARN_DAYS ? wrong('coder-token-ends-soon', message, makeToken) : fine(message);
      },
    },
    ...templateChecks(coder, organization, now),
    deliveryCheck,
  ];
}

async function reach(coder: V2Client, classic: OtherGeneration, signal: AbortSignal): Promise<Verdict> {
  try {
    const { version } = await coder.buildInfo(signal);
    const [, major = 0, minor = 0] = /v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
    if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) {
      return fine(`${coder.host} answers as Coder ${version}.`);
    }
    return unclear(`${coder.host} is Coder ${version}; the bridge was made for 2.24 and later.`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.reason === 'coder-busy')
      return wrong(error.reason, error.message, 'Wait a minute, and ask again.');
    const other = await explainGeneration(error, classic, coder.host, signal);
    return other ?? explainReach(error, coder.host);
  }
}
