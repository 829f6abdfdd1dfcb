import type { Span } from './known-secrets.ts';

/** Forms that only secrets have; a group `secret`, where there is one, is the part to hide. */
const SIGNS: readonly RegExp[] = [
  // A JSON Web Token (RFC 7519), or what is left of one that was cut off within its claims.
  /eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]+){0,3}/g,
  // User name and password in a URL (RFC 3986, 3.2.1).
  /:\/\/(?<secret>[^\s/?#@"'<>\\]+)@/g,
  // Values of Authorization headers (RFC 7617, RFC 6750); words of a language have no capitals or digits within.
  /\b(?:[Bb]asic|[Bb]earer|BASIC|BEARER)\s+(?<secret>(?=\w[a-z.~+/-]*[A-Z\d])[\w.~+/-]{8,}=*)/g,
  // Signatures of Azure Storage and keys of functions, in the query of a URL.
  /[?&](?:sig|code)=(?<secret>[^&\s"'<>\\]+)/gi,
];

/** Where the text holds what has the form of a secret. */
export function findBySign(text: string): Span[] {
  return SIGNS.flatMap(sign =>
    [...text.matchAll(sign)].map(({ 0: whole, groups, index }) => {
      const secret = groups?.secret ?? whole;
      const start = index + whole.lastIndexOf(secret);
      return { start, end: start + secret.length };
    }),
  );
}
