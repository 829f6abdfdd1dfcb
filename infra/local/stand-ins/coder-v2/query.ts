import { CoderError } from './errors.ts';

/** One word of a search, such as `param:"image=team/base:1.4.2"`. */
export interface Term {
  key: string;
  value: string;
}

/**
 * Reads `q=` of a search. A value with a colon needs quotes.
 * @param known keys that this search understands
 * @throws CoderError 400
 */
export function readQuery(text: string | null, subject: string, known: string[], standard: string): Term[] {
  const words = (text ?? '').match(/(?:"[^"]*"|\S)+/g) ?? [];
  return words.map(word => {
    const bare = word.replaceAll('"', '');
    const colons = word.replace(/"[^"]*"/g, '').split(':').length - 1;
    if (colons === 0) return { key: standard, value: bare.toLowerCase() };
    const [key = '', ...rest] = bare.split(':');
    if (colons > 1) throw refused(subject, 'q', `Query element "${word}" can only contain 1 ':'`);
    if (!known.includes(key)) throw refused(subject, key, `"${key}" is not a valid query param`);
    return { key, value: rest.join(':').toLowerCase() };
  });
}

function refused(subject: string, field: string, detail: string): CoderError {
  return new CoderError(400, `Invalid ${subject} search query.`, { validations: [{ field, detail }] });
}
