/**
 * The claims of a JSON Web Token (RFC 7519). Its signature is not checked: the service that takes the token does that.
 * @throws Error when it is not a token. The error does not quote it.
 */
export function claimsOf(jwt: string): unknown {
  const payload = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
  try {
    return JSON.parse(payload);
  } catch {
    throw new Error('It is not a JSON Web Token.');
  }
}
