/** Stands for what Terraform only learns when it applies, or for a variable that has no value yet. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** A value of a Terraform expression. Numbers, lists and maps are JavaScript's own. */
export type Value = string | number | boolean | null | Value[] | ValueMap | typeof UNKNOWN;
export interface ValueMap {
  [name: string]: Value;
}

/** Objects of resources: Terraform knows attributes of them that their configuration does not set. */
const openObjects = new WeakSet<object>();

/** Marks an object whose absent attributes are unknown rather than wrong. */
export function openObject(object: ValueMap): ValueMap {
  openObjects.add(object);
  return object;
}

export function isOpen(object: ValueMap): boolean {
  return openObjects.has(object);
}

export function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether nothing in the value is unknown. */
export function isWhollyKnown(value: Value): boolean {
  if (value === UNKNOWN) return false;
  if (Array.isArray(value)) return value.every(isWhollyKnown);
  return !isMap(value) || Object.values(value).every(isWhollyKnown);
}

/** The value as Terraform writes it into a text, or undefined for one that is no text, number or boolean. */
export function textOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

/** Terraform's name for the type of the value, for its error messages. */
export function typeName(value: Value): string {
  if (value === UNKNOWN) return 'unknown';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'tuple';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}
