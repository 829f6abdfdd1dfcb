import { createKnownSecrets, type KnownSecrets, type Span } from './known-secrets.ts';
import { readingsOf } from './reading.ts';
import { findBySign } from './signs.ts';

/** Hides secrets in texts that people may read. */
export interface Redactor {
  /** Remembers the secret, so that no text shows it, and gives it back. */
  remember<S extends string | undefined>(secret: S): S;
  /**
   * The text with `***` in place of each secret: those that were remembered, and what has the form of one. A secret is
   * found as it is, in base64 (with others too, as Basic authentication has it), and escaped for URLs, JSON or HTML.
   */
  redact(text: string): string;
}

/** Characters of base64 and of its form for URLs. Shorter ones hold no secret. */
const BASE64 = /[A-Za-z0-9+/_-]{8,}={0,2}/g;
/** A configuration of Docker in a Kubernetes secret holds logins in base64 in base64. */
const MOST_BASE64 = 2;

/** @param most number of secrets that are remembered; tokens that are JWTs do not count, since their form shows them */
export function createRedactor(most: number): Redactor {
  const known = createKnownSecrets(most);
  return {
    remember(secret) {
      if (secret) for (const form of [secret, secret.replaceAll(' ', '+')]) known.add(form);
      return secret;
    },
    redact: text => hide(text, spansIn(known, text, MOST_BASE64)),
  };
}

function spansIn(known: KnownSecrets, written: string, layers: number): Span[] {
  return readingsOf(written).flatMap(({ text, origin }) =>
    [
      ...known.findIn(text),
      ...findBySign(text),
      ...(layers > 0 ? findInBase64(known, text, layers) : []),
    ].map(({ start, end }) => ({ start: origin(start), end: origin(end) })),
  );
}

/** Whatever comes before the base64, such as the rest of a path, moves it against the groups of four. */
const OFFSETS = [0, 1, 2, 3];
/** Words, digests and the like are no base64: decoded, they have no stretch that could be read. */
const READABLE = /[ -~]{12}/;

function findInBase64(known: KnownSecrets, text: string, layers: number): Span[] {
  const found: Span[] = [];
  for (const { 0: run, index } of text.matchAll(BASE64)) {
    const isSecret = OFFSETS.some(offset => {
      const decoded = Buffer.from(run.slice(offset), 'base64').toString();
      if (known.findIn(decoded).length > 0) return true;
      return READABLE.test(decoded) && spansIn(known, decoded, layers - 1).length > 0;
    });
    if (isSecret) found.push({ start: index, end: index + run.length });
  }
  return found;
}

function hide(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  let shown = '';
  let end = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start >= end) shown += `${text.slice(end, span.start)}***`;
    end = Math.max(end, span.end);
  }
  return shown + text.slice(end);
}
