import { compactVerify, decodeJwt, type JWTPayload, SignJWT } from 'jose';

/** Claims of a token, as `jose` gives them. */
export type Claims = JWTPayload;

/** One issuer of signed tokens: only tokens that it made, and that have not ended, verify. */
export interface TokenIssuer {
  sign(claims: Claims, lifetimeSeconds: number): Promise<string>;
  /** The claims, or undefined when the token is not ours or has ended. */
  verify(token: string): Promise<Claims | undefined>;
}

/** @param now the clock that `iat`, `exp` and verification go by; tests move it */
export function createTokenIssuer(key: Uint8Array, now: () => Date): TokenIssuer {
  /** By their tokens. The same few come with thousands of requests, and their signatures are checked once. */
  const genuine = new Map<string, Claims>();
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
      const claims = genuine.get(token) ?? (await read(token));
      if (!claims) return undefined;
      genuine.set(token, claims);
      const { nbf = 0, exp = 0 } = claims;
      const seconds = now().getTime() / 1000;
      return nbf <= seconds && seconds < exp ? claims : undefined;
    },
  };

  async function read(token: string): Promise<Claims | undefined> {
    const verified = await compactVerify(token, key).catch(() => undefined);
    return verified && decodeJwt(token);
  }
}
