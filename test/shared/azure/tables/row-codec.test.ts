import { expect, test } from 'vitest';
import * as z from 'zod';
import { createRowCodec, json, word } from '../../../../shared/azure/tables/row-codec.ts';
import { StorageError, UnreadableRowError } from '../../../../shared/errors.ts';

const Sample = z.object({
  registry: z.string(),
  attempts: z.number(),
  reason: word<'known'>(),
  dueOn: z.date().exactOptional(),
  policy: json(z.object({ rules: z.array(z.string()) })),
  memo: json(z.looseObject({})).exactOptional(),
});
type Sample = z.infer<typeof Sample>;

const constants = { kind: 'sample', version: 1 };
const codec = createRowCodec(Sample, { constants, inKey: { partitionKey: 'registry' } });
const KEY = { partitionKey: 'contoso', rowKey: 'team|app:v1' };
const record: Sample = { registry: 'contoso', attempts: 0, reason: 'known', policy: { rules: ['a'] } };

const read = (row: object) => codec.fromRow({ ...row, etag: 'W/"1"' });

test('a record is a row with JSON in the columns that need it, and nothing where the record has nothing', () => {
  const row = codec.toRow({ ...record, dueOn: new Date(0) }, KEY);

  expect(row).toEqual({
    ...{ ...KEY, ...constants, attempts: 0, reason: 'known', dueOn: new Date(0) },
    policy: '{"rules":["a"]}',
  });
  expect(read(row)).toStrictEqual({ ...record, dueOn: new Date(0) });
});

test('an undefined property is an absent one', () => {
  const row = codec.toRow({ ...record, ...({ dueOn: undefined } as object) }, KEY);

  expect(Object.keys(row)).not.toContain('dueOn');
});

test("the service's own columns, those of a newer release and its new words do not matter", () => {
  const row = {
    ...codec.toRow(record, KEY),
    timestamp: 'now',
    'odata.metadata': 'x',
    later: 1,
    reason: 'new',
  };

  expect(read(row)).toStrictEqual({ ...record, reason: 'new' });
});

test('a row without a version is of the first, and one of a newer version is left alone', () => {
  const { version: _, ...row } = codec.toRow(record, KEY);

  expect(read(row)).toStrictEqual(record);
  expect(() => read({ ...row, version: 2 })).toThrow(/written by a newer release .* \(version 2,/);
});

test('a row that does not fit says where and why, and nothing of what it holds', () => {
  const row = { ...codec.toRow(record, KEY), attempts: 'secret', policy: '{"secret', memo: '"secret"' };

  const error = (() => {
    try {
      return read(row);
    } catch (thrown) {
      return thrown;
    }
  })();

  expect(error).toBeInstanceOf(UnreadableRowError);
  expect(error).toBeInstanceOf(StorageError);
  expect(error).toMatchObject({
    message:
      'The row contoso/team|app:v1 is damaged: attempts: Invalid input: expected number, received string; policy: Invalid input: expected object, received undefined; memo: Invalid input: expected object, received string.',
    ...{ row: 'contoso/team|app:v1', isNewer: false, etag: 'W/"1"' },
  });
});

test('a text that is longer than a column is cut between characters, and put together again', () => {
  const long = { ...record, policy: { rules: ['x🐳'.repeat(20_000)] } };

  const row = codec.toRow(long, KEY) as Record<string, string>;

  expect(Object.keys(row)).toEqual(expect.arrayContaining(['policy', 'policy_2', 'policy_3']));
  for (const part of ['policy', 'policy_2', 'policy_3']) {
    expect(row[part]?.length).toBeLessThanOrEqual(32_000);
    expect(() => encodeURIComponent(row[part] ?? '')).not.toThrow();
  }
  expect(read(row)).toStrictEqual(long);
});
