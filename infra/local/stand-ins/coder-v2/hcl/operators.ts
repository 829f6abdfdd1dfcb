import { isDeepStrictEqual } from 'node:util';
import { isWhollyKnown, UNKNOWN, type Value } from './value.ts';

type Operator = (left: Value, right: Value) => Value | undefined;

/** An operator of numbers; undefined stands for operands that it does not take. */
function ofNumbers(compute: (left: number, right: number) => Value): Operator {
  return (left, right) => {
    const [a, b] = [asNumber(left), asNumber(right)];
    return a === undefined || b === undefined ? undefined : compute(a, b);
  };
}

function ofBooleans(compute: (left: boolean, right: boolean) => Value): Operator {
  return (left, right) => {
    const [a, b] = [asBoolean(left), asBoolean(right)];
    return a === undefined || b === undefined ? undefined : compute(a, b);
  };
}

const OPERATORS = new Map<string, Operator>([
  ['==', (left, right) => isDeepStrictEqual(left, right)],
  ['!=', (left, right) => !isDeepStrictEqual(left, right)],
  ['<', ofNumbers((a, b) => a < b)],
  ['<=', ofNumbers((a, b) => a <= b)],
  ['>', ofNumbers((a, b) => a > b)],
  ['>=', ofNumbers((a, b) => a >= b)],
  ['+', ofNumbers((a, b) => a + b)],
  ['-', ofNumbers((a, b) => a - b)],
  ['*', ofNumbers((a, b) => a * b)],
  ['/', ofNumbers((a, b) => a / b)],
  ['%', ofNumbers((a, b) => a % b)],
  ['&&', ofBooleans((a, b) => a && b)],
  ['||', ofBooleans((a, b) => a || b)],
]);

export function isOperator(text: string): boolean {
  return OPERATORS.has(text);
}

/** @returns undefined for operands that the operator does not take */
export function applyOperator(operator: string, left: Value, right: Value): Value | undefined {
  if (!isWhollyKnown(left) || !isWhollyKnown(right)) return UNKNOWN;
  return OPERATORS.get(operator)?.(left, right);
}

/** Terraform converts texts that are numbers. */
export function asNumber(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** Terraform converts the texts `true` and `false`. */
export function asBoolean(value: Value | undefined): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}
