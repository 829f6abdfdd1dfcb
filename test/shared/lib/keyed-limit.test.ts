import { expect, test } from 'vitest';
import { createKeyedLimit } from '../../../shared/lib/keyed-limit.ts';

test('only so much work of one key runs at once, and it holds up no other key', async () => {
  const atMost = createKeyedLimit(2);
  const begun: string[] = [];
  let finish = () => {};
  const finished = new Promise<void>(resolve => {
    finish = resolve;
  });
  const work = (name: string) => async () => {
    begun.push(name);
    await finished;
    return name;
  };
  const all = ['a1', 'a2', 'a3', 'b1'].map(name => atMost(name.charAt(0), work(name)));
  await new Promise(setImmediate);
  expect(begun).toEqual(['a1', 'a2', 'b1']);

  finish();
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1']);
});
