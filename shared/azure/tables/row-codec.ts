import * as z from 'zod';
import { DamagedRowError } from '../../errors.ts';
import { redactMessages } from '../../lib/redaction/redact.ts';
import { withoutUndefined } from '../../lib/without-undefined.ts';
import { checkVersion } from './row-version.ts';
import type { Row, RowKey } from './tables.ts';

/** Turns records of one kind into rows of a table, and back. */
export interface RowCodec<T> {
  /** Messages in the record, at any depth, lose the secrets that they quote. */
  toRow(record: T, key: RowKey): RowKey & Record<string, unknown>;
  /**
   * Ignores columns that the schema does not name: the service's own, and those that a newer release added.
   * @throws StorageError when a newer release wrote the row in a format that this one cannot read
   * @throws DamagedRowError when the row does not fit the schema
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
      return {
        ...key,
        ...constants,
        ...z.encode(columns, redactMessages(withoutUndefined(record)) as never),
      };
    },

    fromRow(row) {
      checkVersion(row);
      const fromKey = Object.fromEntries(keyed.map(([key, property]) => [property, row[key]]));
      const { data, error } = schema.safeParse({ ...row, ...fromKey });
      if (error) throw damaged(row, error);
      return data;
    },
  };
}

/** A column that holds an object or an array as JSON. @param parse for JSON that `JSON.parse` alone does not restore */
export function json<T extends object>(parse: (text: string) => T = JSON.parse) {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  return z.codec(z.string(), z.custom<T>(isObject, 'is JSON of another form'), {
    decode(text, { issues }) {
      try {
        return parse(text);
      } catch {
        issues.push({ code: 'custom', message: 'is not JSON', input: undefined });
        return z.NEVER;
      }
    },
    encode: value => JSON.stringify(value),
  });
}

/** A column with a word of a vocabulary. A newer release may have written a word that this one does not know. */
export function word<T extends string>() {
  return z.custom<T>(value => typeof value === 'string', 'is not text');
}

function damaged({ partitionKey, rowKey }: Row<object>, { issues }: z.ZodError): DamagedRowError {
  const faults = issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return new DamagedRowError(`${partitionKey}/${rowKey}`, faults);
}
