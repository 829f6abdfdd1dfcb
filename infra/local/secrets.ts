import { randomBytes } from 'node:crypto';

/** Everything secret that the stand-ins ever handed out, so that logs can blank it and tests can look for it. */
export interface Secrets {
  /** Remembers `value` as a secret and gives it back. */
  issue(value: string): string;
  /** A new random secret, remembered. */
  random(): string;
  /** `text` with every known secret replaced by `***`. */
  blank(text: string): string;
  all(): readonly string[];
}

export function createSecrets(): Secrets {
  const known = new Set<string>();
  function issue(value: string): string {
    known.add(value);
    return value;
  }
  return {
    issue,
    random: () => issue(randomBytes(24).toString('base64url')),
    blank: text => [...known].reduce((blanked, secret) => blanked.replaceAll(secret, '***'), text),
    all: () => [...known],
  };
}
