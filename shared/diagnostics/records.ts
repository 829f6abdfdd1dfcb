import type { UnreadableRowError } from '../errors.ts';
import { type Check, fine, wrong } from '../lib/check.ts';
import { REPLACE_RECORD } from '../reasons.ts';
import type { Images } from '../records/image-table.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface RecordCheckServices {
  images: Images;
}

/** Rows that a finding names. */
const MOST_NAMED = 5;

/** Checks that the rows of the registry can be read. */
export function recordChecks({ images }: RecordCheckServices): Check<Diagnosis>[] {
  return [
    {
      name: 'registry-record',
      truth: 'The record of the registry can be read.',
      needs: ['tables'],
      async run({ unreadable }) {
        return unreadable
          ? wrong('record-unreadable', unreadable.message, REPLACE_RECORD)
          : fine('The record of the registry can be read.');
      },
    },
    {
      name: 'image-records',
      truth: 'Every image record of the registry can be read.',
      needs: ['registry-record'],
      async run({ registry: { name } }) {
        const found: UnreadableRowError[] = [];
        for await (const error of images.unreadable(name)) found.push(error);
        const [first] = found;
        if (!first) return fine('Every image record can be read.');
        const rows = found.slice(0, MOST_NAMED).map(({ row }) => row);
        const others = found.length > rows.length ? ` and ${found.length - rows.length} more` : '';
        return wrong('record-unreadable', `${rows.join(', ')}${others}: ${first.message}`, REPLACE_RECORD);
      },
    },
  ];
}
