/** A text whose escapes are undone. */
export interface Reading {
  text: string;
  /** Where a character of it came from, in the text as it was written. */
  origin(index: number): number;
}

/** A service that quotes a text within JSON, within HTML, within a URL escapes it once for each. */
const MOST_LAYERS = 2;

/** Percent-encoded UTF-8, escapes of JSON and of programming languages, and character references of HTML. */
const ESCAPE =
  /%[0-9a-f]{2}(?:%[89ab][0-9a-f])*|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\["'\\/]|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos);/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text as it is, and with its escapes undone layer by layer. */
export function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [{ text, origin: index => index }];
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const next = undoEscapes(readings[layer] as Reading);
    if (!next) break;
    readings.push(next);
  }
  return readings;
}

/** undefined when it has no escapes. */
function undoEscapes({ text, origin }: Reading): Reading | undefined {
  const parts: string[] = [];
  const origins: number[] = [];
  let end = 0;
  const keep = (upTo: number) => {
    parts.push(text.slice(end, upTo));
    for (let at = end; at < upTo; at += 1) origins.push(origin(at));
  };
  for (const { 0: written, index } of text.matchAll(ESCAPE)) {
    const meant = meaningOf(written);
    if (meant === undefined) continue;
    keep(index);
    parts.push(meant);
    for (let i = 0; i < meant.length; i += 1) origins.push(origin(index));
    end = index + written.length;
  }
  if (end === 0) return undefined;
  keep(text.length);
  origins.push(origin(text.length));
  return { text: parts.join(''), origin: index => origins[index] as number };
}

function meaningOf(written: string): string | undefined {
  if (written.startsWith('%')) return percentDecoded(written);
  const [, reference] = /^&(.*);$/.exec(written) ?? [];
  if (reference?.startsWith('#')) return character(Number(reference.replace(/^#x/i, '0x').replace('#', '')));
  if (reference) return NAMED[reference.toLowerCase()];
  const [, code] = /^\\[ux](.+)$/i.exec(written) ?? [];
  return code ? character(Number.parseInt(code, 16)) : written.slice(1);
}

function percentDecoded(written: string): string | undefined {
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined;
  }
}

function character(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
