/** A part of a text: from `start` up to, but without, `end`. */
export interface Span {
  start: number;
  end: number;
}

/** A bounded set of secrets that finds them in texts. */
export interface KnownSecrets {
  /** Adds the secret, or marks it as in use again. The one that was not in use for longest leaves a full set. */
  add(secret: string): void;
  /** Where the text holds a secret, or the beginning of one that was cut off. */
  findIn(text: string): Span[];
}

/** Shorter secrets are not kept: they would hide ordinary words, and no service issues them. */
const HEAD_LENGTH = 6;
/** A text may end within a secret, since services cut long messages. This much of one is taken for the secret. */
const CUT_LENGTH = 12;

/**
 * Secrets are found by their heads, in one pass over the text, however many there are.
 * @param most number of secrets that it keeps
 */
export function createKnownSecrets(most: number): KnownSecrets {
  /** In the order of their last use. */
  const inUse = new Set<string>();
  const byHead = new Map<string, Set<string>>();
  /** How many heads begin with such three characters: a lookup here is cheaper than one by the head. */
  const beginnings = new Uint32Array(1 << 16);

  function count(head: string, change: 1 | -1): void {
    const hash = hashAt(head, 0);
    beginnings[hash] = (beginnings[hash] ?? 0) + change;
  }

  function forget(secret: string): void {
    const head = headOf(secret);
    const others = byHead.get(head);
    others?.delete(secret);
    inUse.delete(secret);
    if (others?.size) return;
    byHead.delete(head);
    count(head, -1);
  }

  return {
    add(secret) {
      if (secret.length < HEAD_LENGTH) return;
      if (inUse.delete(secret)) return void inUse.add(secret);
      const [oldest] = inUse;
      if (inUse.size >= most && oldest !== undefined) forget(oldest);
      inUse.add(secret);
      const head = headOf(secret);
      const others = byHead.get(head);
      if (others) return void others.add(secret);
      byHead.set(head, new Set([secret]));
      count(head, 1);
    },

    findIn(text) {
      const found: Span[] = [];
      for (let start = 0; start + HEAD_LENGTH <= text.length; start += 1) {
        if (beginnings[hashAt(text, start)] === 0) continue;
        const candidates = byHead.get(text.slice(start, start + HEAD_LENGTH)) ?? [];
        for (const secret of candidates) {
          const length = commonLength(text, start, secret);
          const isIt = length === secret.length || length >= CUT_LENGTH;
          if (isIt) found.push({ start, end: start + length });
        }
      }
      return found;
    },
  };
}

function headOf(secret: string): string {
  return secret.slice(0, HEAD_LENGTH);
}

function hashAt(text: string, at: number): number {
  const code = (i: number) => text.charCodeAt(at + i);
  return (code(0) ^ (code(1) << 5) ^ (code(2) << 10)) & 0xffff;
}

/** How many characters the text has in common with the secret from there on. */
function commonLength(text: string, start: number, secret: string): number {
  let length = 0;
  while (length < secret.length && text[start + length] === secret[length]) length += 1;
  return length;
}
