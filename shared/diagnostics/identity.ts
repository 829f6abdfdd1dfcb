import type { TokenCredential } from '@azure/identity';
import { explainEntra } from '../azure/refusals/entra.ts';
import { describe } from '../errors.ts';
import { type Check, fine, wrong } from '../lib/check.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface IdentityCheckServices {
  credential: TokenCredential;
  settings: { ARM_AUDIENCE: string; AZURE_CLIENT_ID?: string | undefined };
}

export function identityCheck({ credential, settings }: IdentityCheckServices): Check<Diagnosis> {
  return {
    name: 'managed-identity',
    truth: 'The bridge gets a token of its managed identity.',
    needs: [],
    async run({ principalId }) {
      try {
        const token = await credential.getToken(`${settings.ARM_AUDIENCE}/.default`);
        const until = new Date(token?.expiresOnTimestamp ?? 0).toISOString();
        return fine(
          `There is a token of the identity with the object id ${principalId}, valid until ${until}.`,
        );
      } catch (error) {
        const { reason, message, remedy } = explainEntra(describe(error), settings.AZURE_CLIENT_ID);
        return wrong(reason, message, remedy);
      }
    },
  };
}
