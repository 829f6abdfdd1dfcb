import type { Claims } from '../jwt.ts';
import type { StandInRequest } from '../stand-in-messages.ts';

/** The claims of an Entra access token, or undefined when Entra did not issue it or it has ended. */
export type VerifyEntraToken = (token: string) => Promise<Claims | undefined>;

/** The token of `Authorization: Bearer …`, undefined when the request carries none. */
export function bearerToken({ headers }: StandInRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
