import type { TokenCredential } from '@azure/identity';
import * as z from 'zod';
import { explainEntra } from '../azure/refusals/entra.ts';
import { describe } from '../errors.ts';
import { type Check, fine, wrong } from '../lib/check.ts';
import { claimsOf } from '../lib/jwt.ts';
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

const Claims = z.object({ oid: z.string() });

/** The object id in the identity's own token; undefined when there is none. */
export async function readPrincipalId(
  credential: TokenCredential,
  audience: string,
): Promise<string | undefined> {
  try {
    const token = await credential.getToken(`${audience}/.default`);
    return Claims.parse(claimsOf(token?.token ?? '')).oid;
  } catch {
    return undefined;
  }
}
