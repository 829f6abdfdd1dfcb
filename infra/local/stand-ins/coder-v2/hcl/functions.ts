import { asBoolean, asNumber } from './operators.ts';
import { isMap, isWhollyKnown, textOf, UNKNOWN, type Value, type ValueMap } from './value.ts';

/** A function of Terraform; undefined stands for arguments that it does not take. */
type HclFunction = (...values: Value[]) => Value | undefined;

/** A function of texts only. */
function ofTexts(compute: (...texts: string[]) => Value | undefined): HclFunction {
  return (...values) => {
    const texts = values.map(textOf);
    return texts.every(text => text !== undefined) ? compute(...(texts as string[])) : undefined;
  };
}

/** A function whose first argument is a list. */
function ofList(compute: (list: Value[], ...others: Value[]) => Value | undefined): HclFunction {
  return (list, ...others) => (Array.isArray(list) ? compute(list, ...others) : undefined);
}

function ofMap(compute: (map: ValueMap) => Value | undefined): HclFunction {
  return map => (map !== undefined && isMap(map) ? compute(map) : undefined);
}

const TEXTS: [string, HclFunction][] = [
  ['lower', ofTexts((text = '') => text.toLowerCase())],
  ['upper', ofTexts((text = '') => text.toUpperCase())],
  ['trimspace', ofTexts((text = '') => text.trim())],
  [
    'trimprefix',
    ofTexts((text = '', prefix = '') => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  ],
  [
    'trimsuffix',
    ofTexts((text = '', suffix = '') =>
      suffix && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
    ),
  ],
  ['startswith', ofTexts((text = '', prefix = '') => text.startsWith(prefix))],
  ['endswith', ofTexts((text = '', suffix = '') => text.endsWith(suffix))],
  ['replace', ofTexts((text = '', part = '', by = '') => text.replaceAll(part, () => by))],
  ['split', ofTexts((separator = '', text = '') => text.split(separator))],
  ['base64encode', ofTexts((text = '') => Buffer.from(text).toString('base64'))],
  ['base64decode', ofTexts((text = '') => Buffer.from(text, 'base64').toString())],
  ['jsondecode', ofTexts((text = '') => parseJson(text))],
  ['jsonencode', value => JSON.stringify(value)],
  ['substr', (text, from, length) => substring(text, asNumber(from), asNumber(length))],
  ['join', (separator, list) => (Array.isArray(list) ? list.map(textOf).join(textOf(separator)) : undefined)],
  ['format', (pattern, ...values) => format(textOf(pattern), values)],
];

const COLLECTIONS: [string, HclFunction][] = [
  ['length', value => lengthOf(value)],
  ['keys', ofMap(map => Object.keys(map).sort())],
  [
    'values',
    ofMap(map =>
      Object.keys(map)
        .sort()
        .map(key => map[key] as Value),
    ),
  ],
  ['merge', (...maps) => Object.assign({}, ...maps)],
  ['concat', (...lists) => lists.flat() as Value[]],
  ['flatten', ofList(list => flatten(list))],
  ['distinct', ofList(list => [...new Set(list)])],
  ['compact', ofList(list => list.filter(Boolean))],
  ['sort', ofList(list => [...list].sort())],
  ['reverse', ofList(list => [...list].reverse())],
  ['contains', ofList((list, value) => list.includes(value as Value))],
  ['element', ofList((list, at) => list[(asNumber(at) ?? 0) % list.length])],
  [
    'lookup',
    (map, key, other) => (map !== undefined && isMap(map) ? (map[String(key)] ?? other) : undefined),
  ],
  ['coalesce', (...values) => values.find(value => value !== null && value !== '')],
  ['toset', ofList(list => [...new Set(list)])],
  ['tolist', ofList(list => list)],
  ['tomap', ofMap(map => map)],
  ['tostring', value => (value === null ? null : textOf(value))],
  ['tonumber', value => asNumber(value)],
  ['tobool', value => asBoolean(value)],
  ['max', (...values) => Math.max(...values.map(Number))],
  ['min', (...values) => Math.min(...values.map(Number))],
  ['nonsensitive', value => value],
  ['sensitive', value => value],
];

/** What they give is known even when elements of their arguments are not. */
const LOOKS_NOT_INSIDE = new Set([
  ...['length', 'keys', 'values', 'merge', 'concat', 'flatten', 'reverse', 'element', 'lookup'],
  ...['tolist', 'tomap', 'sensitive', 'nonsensitive'],
]);

const FUNCTIONS = new Map([...TEXTS, ...COLLECTIONS]);

export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name);
}

/** @returns undefined for arguments that the function does not take */
export function callFunction(name: string, values: Value[]): Value | undefined {
  if (values.includes(UNKNOWN)) return UNKNOWN;
  if (!LOOKS_NOT_INSIDE.has(name) && !values.every(isWhollyKnown)) return UNKNOWN;
  return FUNCTIONS.get(name)?.(...values);
}

function lengthOf(value: Value | undefined): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return value !== undefined && isMap(value) ? Object.keys(value).length : undefined;
}

function flatten(list: Value[]): Value[] {
  return list.flatMap(element => (Array.isArray(element) ? flatten(element) : [element]));
}

function parseJson(text: string): Value | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function substring(text: Value | undefined, from = 0, length = -1): string | undefined {
  if (typeof text !== 'string') return undefined;
  return length < 0 ? text.slice(from) : text.slice(from, from + length);
}

/** `%s`, `%d`, `%v`, `%q` and `%%`. */
function format(pattern: string | undefined, values: Value[]): string | undefined {
  const rest = [...values];
  return pattern?.replace(/%[sdvq%]/g, verb => {
    if (verb === '%%') return '%';
    const text = textOf(rest.shift()) ?? '';
    return verb === '%q' ? JSON.stringify(text) : text;
  });
}
