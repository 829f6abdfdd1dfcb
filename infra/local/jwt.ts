import { decodeJwt, jwtVerify, SignJWT } from 'jose';

/** Claims of a token, as `jose` gives them. */
export type Claims = Record<string, unknown>;

/** One issuer of signed tokens: only tokens that it made, and that have not ended, verify. */
export interface TokenIssuer {
  sign(claims: Claims, lifetimeSeconds: number): Promise<string>;
  /** The claims, or undefined when the token is not ours or has ended. */
  verify(token: string): Promise<Claims | undefined>;
}

/** @param now the clock that `iat`, `exp` and verification go by; tests move it */
export function createTokenIssuer(key: Uint8Array, now: () => Date): TokenIssuer {
  return {
    sign(claims, lifetimeSeconds) {
      const issuedAt = Math.floor(now().getTime() / 1000);
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .setJti(crypto.randomUUID())
        .sign(key);
    },
    async verify(token) {
      const verified = await jwtVerify(token, key, { currentDate: now() }).catch(() => undefined);
      return verified && decodeJwt(token);
    },
  };
}
