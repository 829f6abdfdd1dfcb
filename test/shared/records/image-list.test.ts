import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageRecord } from '../../../shared/records/image.ts';
import type { ImageFilter } from '../../../shared/records/image-filter.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
const AT = (minute: number) => new Date(Date.UTC(2026, 0, 31, 8, minute));
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** Records by name; the minute is that of their last change. */
const RECORDS: Record<string, Partial<ImageRecord> & { minute: number }> = {
  'contoso team/app:v1': { minute: 3, digest: digest('a') },
  'contoso team/app:v2': { minute: 1, state: 'failed', reason: 'coder-rejected', digest: digest('b') },
  'contoso team/app-two:v1': { minute: 5, state: 'pending', reason: 'coder-busy' },
  'contoso team/app/part:v1': { minute: 3, state: 'failed', reason: 'coder-busy' },
  'fabrikam team/app:v1': { minute: 4, digest: digest('a') },
};

beforeAll(async () => {
  bridge = await startBridge();
  for (const [name, { minute, ...change }] of Object.entries(RECORDS)) {
    const [registry = '', repository = '', tag = ''] = name.split(/[ :]/);
    const record: ImageRecord = {
      ...({ state: 'imported', reason: 'tag-added', message: '', attempts: 0, heardBy: 'event' } as const),
      ...{ registry, repository, tag, updatedOn: AT(minute), ...change },
    };
    await bridge.services.images.save(record, undefined);
  }
});
afterAll(() => bridge.close());

const nameOf = ({ registry, repository, tag }: ImageRecord) => `${registry} ${repository}:${tag}`;

/** Every page of a list. */
async function pages(list: 'list' | 'listLatest', filter: ImageFilter, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let token: string | undefined; ; ) {
    const page = { limit, continuationToken: token };
    const { items, continuationToken } = await bridge.services.images[list](filter, page);
    found.push(items.map(nameOf));
    token = continuationToken;
    if (token === undefined) return found;
  }
}

describe('a list shows the records', () => {
  test.each<[string, ImageFilter, number[]]>([
    ['of all registries', {}, [0, 1, 2, 3, 4]],
    ['of one registry', { registry: 'fabrikam' }, [4]],
    ['of one repository, not of others whose names begin so', { repository: 'team/app' }, [0, 1, 4]],
    ['of one repository of one registry', { registry: 'contoso', repository: 'team/app' }, [0, 1]],
    ['with one state', { states: ['failed'] }, [1, 3]],
    ['with one of several states', { states: ['failed', 'pending'] }, [1, 2, 3]],
    ['with one reason', { reason: 'coder-busy' }, [2, 3]],
    ['with one digest', { digest: digest('a') }, [0, 4]],
    [
      'with all that is given',
      { states: ['failed', 'pending'], reason: 'coder-busy', registry: 'fabrikam' },
      [],
    ],
  ])('%s', async (_, filter, expected) => {
    const names = Object.keys(RECORDS).filter((_name, i) => expected.includes(i));

    expect((await pages('list', filter, 100)).flat().sort()).toEqual([...names].sort());
    expect((await pages('listLatest', filter, 100)).flat().sort()).toEqual([...names].sort());
  });
});

describe('by their last change', () => {
  const latest = [
    'contoso team/app-two:v1',
    'fabrikam team/app:v1',
    'contoso team/app/part:v1',
    'contoso team/app:v1',
    'contoso team/app:v2',
  ];

  test.each([1, 2, 3, 4, 5])(
    'in pages of %i, the latest first, none twice and none left out',
    async limit => {
      const found = await pages('listLatest', {}, limit);

      expect(found.flat().map(name => RECORDS[name]?.minute)).toEqual([5, 4, 3, 3, 1]);
      expect(found.flat().sort()).toEqual([...latest].sort());
      expect(found.map(({ length }) => length)).toEqual(
        Array.from({ length: Math.ceil(5 / limit) }, (_, i) => Math.min(limit, 5 - i * limit)),
      );
    },
  );

  test.each(['', 'no token', Buffer.from('{"on":"never","key":"a"}').toString('base64url')])(
    'a token that no page gave is refused: %s',
    async continuationToken => {
      const list = bridge.services.images.listLatest({}, { limit: 1, continuationToken });

      await expect(list).rejects.toMatchObject({ reason: 'invalid-request' });
    },
  );
});
