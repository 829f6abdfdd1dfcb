import { ServiceError } from '../../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../../lib/check.ts';
import { once } from '../../lib/once.ts';
import { explainGeneration, explainReach, type OtherGeneration } from '../explain-unreachable.ts';
import type { TargetDiagnosis } from '../target.ts';
import { type CanaryCheckOptions, canaryCheck } from './canary-check.ts';
import type { V2Client } from './client.ts';
import { isAtLeast, releaseOf } from './release.ts';
import { tokenLifetimeCheck } from './session-token/check.ts';
import { templateChecks } from './template-checks.ts';

export interface V2CheckOptions extends CanaryCheckOptions {
  deliveryCheck: Check<TargetDiagnosis>;
  /** Organization of destinations that name none. */
  organization: string;
  /** Name of the secret that holds the session token. */
  tokenSecret: string;
  /** @param renew asks Key Vault even if a token is at hand */
  sessionToken(renew: boolean): Promise<string>;
  renewal: 'on' | 'off';
  classic: OtherGeneration;
}

const OLDEST = { major: 2, minor: 24 };

/** Coder itself: whether it answers, what our token may do there, and whether it has the templates. */
export function v2Checks(options: V2CheckOptions): Check<TargetDiagnosis>[] {
  const { coder, organization, tokenSecret, now, classic } = options;
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
    tokenLifetimeCheck(options, me, makeToken),
    ...templateChecks(coder, organization, now),
    canaryCheck(options),
    options.deliveryCheck,
  ];
}

async function reach(coder: V2Client, classic: OtherGeneration, signal: AbortSignal): Promise<Verdict> {
  try {
    const { version } = await coder.buildInfo(signal);
    if (isAtLeast(releaseOf(version), OLDEST)) {
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
