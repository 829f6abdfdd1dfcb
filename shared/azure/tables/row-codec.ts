import * as z from 'zod';
import { UnreadableRowError } from '../../errors.ts';
import { redactMessages } from '../../lib/redaction/redact.ts';
import { withoutUndefined } from '../../lib/without-undefined.ts';
import { checkVersion } from './row-version.ts';
import type { Row, RowKey } from './tables.ts';

/** Faults of one row that are named. */
const MOST_FAULTS = 5;

/** Turns records of one kind into rows of a table, and back. */
export interface RowCodec<T> {
  /** Messages in the record, at any depth, lose the secrets that they quote. */
  toRow(record: T, key: RowKey): RowKey & Record<string, unknown>;
  /**
   * Ignores columns that the schema does not name: the service's own, and those that a newer release added.
   * @throws UnreadableRowError when the row does not fit the schema, or a newer release wrote it in another format
   */
  fromRow(row: Row<object>): T;
}

interface RowLayout<T> {
  /** Columns that are the same in every row of the kind. */
  constants?: { kind?: string; version?: number };
  /** Properties of the record that are stored only in a key. */
  inKey?: { [K in keyof RowKey]?: keyof T & string };
}

/**
 * @param schema of a record. Each property is one column; Table Storage has strings, numbers, booleans and dates, so
 * so any other property is a `json` column. Table Storage has no null: a property that is absent has no column.
 */
export function createRowCodec<S extends z.ZodObject>(
  schema: S,
  { constants, inKey = {} }: RowLayout<z.output<S>> = {},
): RowCodec<z.output<S>> {
  const keyed = Object.entries(inKey) as [keyof RowKey, string][];
  const columns = schema.omit(Object.fromEntries(keyed.map(([, property]) => [property, true])) as never);
  return {
    toRow(record, key) {
      const row: object = z.encode(columns, redactMessages(withoutUndefined(record)) as never);
      return { ...key, ...constants, ...splitLong(row) };
    },

    fromRow(row) {
      checkVersion(row);
      const fromKey = Object.fromEntries(keyed.map(([key, property]) => [property, row[key]]));
      const { data, error } = schema.safeParse({ ...joinLong(row), ...fromKey });
      if (error) throw damaged(row, error);
      return data;
    },
  };
}

/** The service takes 32 Ki UTF-16 units in one column; a character has two at most. */
const PARTS = /.{1,16000}/gsu;

/** A longer text goes on in `NAME_2`, `NAME_3` and so on. */
function splitLong(row: object): object {
  const columns = Object.entries(row).flatMap(([name, value]) => {
    const parts = typeof value === 'string' ? (value.match(PARTS) ?? []) : [];
    if (parts.length <= 1) return [[name, value]];
    return parts.map((part, i) => [i === 0 ? name : `${name}_${i + 1}`, part]);
  });
  return Object.fromEntries(columns);
}

function joinLong(row: object): object {
  const columns: Record<string, unknown> = { ...row };
  for (const [name, value] of Object.entries(columns)) {
    if (typeof value !== 'string') continue;
    let text = value;
    for (let i = 2; typeof columns[`${name}_${i}`] === 'string'; i += 1) text += columns[`${name}_${i}`];
    columns[name] = text;
  }
  return columns;
}

/** What to do with a row that cannot be read, such as to log it. */
export type OnUnreadable = (error: UnreadableRowError) => void;

/** Gives no record for a row that cannot be read, and reports it, so that it does not stop the rows after it. */
export function skipUnreadable<R, T>(read: (row: R) => T, onUnreadable: OnUnreadable): (row: R) => [T?] {
  return row => {
    try {
      return [read(row)];
    } catch (error) {
      if (!(error instanceof UnreadableRowError)) throw error;
      onUnreadable(error);
      return [];
    }
  };
}

/** A column that holds an object or an array as JSON. */
export function json<T extends object>(schema: z.ZodType<T>) {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  return z.codec(z.string(), z.custom<T>(isObject), {
    decode(text, { issues }) {
      const { data, error } = schema.safeParse(parseJson(text));
      if (data) return data;
      for (const { path, message } of error?.issues ?? []) {
        issues.push({ code: 'custom', path, message, input: undefined });
      }
      return z.NEVER;
    },
    encode: value => JSON.stringify(value),
  });
}

/** undefined for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A column with a word of a vocabulary. A newer release may have written a word that this one does not know. */
export function word<T extends string>() {
  return z.custom<T>(value => typeof value === 'string', 'is not text');
}

function damaged(row: Row<object>, { issues }: z.ZodError): UnreadableRowError {
  const faults = issues.slice(0, MOST_FAULTS).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return new UnreadableRowError(row, `is damaged: ${faults.join('; ')}.`, false);
}
