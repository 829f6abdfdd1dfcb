import type { TokenCredential } from '@azure/identity';
import * as z from 'zod';
import { claimsOf } from '../lib/jwt.ts';

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
