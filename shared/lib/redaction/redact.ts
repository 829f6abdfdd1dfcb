import { createRedactor } from './redactor.ts';

/** Some per registry and for Coder: far more than one bridge needs. */
const MOST_SECRETS = 2_000;

/**
 * The redactor of the process. There is one, since any error may quote any secret, wherever it is described. What reads,
 * issues or sends a secret remembers it first; every message is redacted before it is stored, logged, published or
 * answered, and before it is cut.
 */
export const { remember, redact } = createRedactor(MOST_SECRETS);

/** A copy in which every text is redacted. What is neither text, array nor plain object stays as it is. */
export function redactAll<T>(value: T): T {
  return mapTexts(value, '', redact);
}

/** A copy in which every property `message` is redacted. Names and digests stay, even if one is a password too. */
export function redactMessages<T>(value: T): T {
  return mapTexts(value, '', (text, property) => (property === 'message' ? redact(text) : text));
}

type MapText = (text: string, property: string) => string;

function mapTexts<T>(value: T, property: string, map: MapText): T;
function mapTexts(value: unknown, property: string, map: MapText): unknown {
  if (typeof value === 'string') return map(value, property);
  if (Array.isArray(value)) return value.map(item => mapTexts(item, property, map));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, name, map)]));
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
