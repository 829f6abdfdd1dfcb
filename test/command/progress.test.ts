import { expect, test } from 'vitest';
import { createProgress } from '../../command/progress.ts';

/** What is written to a stream while these lines are shown. */
function written(stream: { isTTY: boolean; columns: number }, lines: string[]): string {
  let text = '';
  const write = (part: string) => {
    text += part;
    return true;
  };
  const progress = createProgress({ ...stream, write } as unknown as NodeJS.WriteStream);
  for (const line of lines) progress.show(line);
  progress.end();
  return text;
}

const CLEAR = '\r\u001B[2K';

test('on a terminal one line changes, fits into its width, and is gone in the end', () => {
  expect(written({ isTTY: true, columns: 11 }, ['pending', 'pending', 'pending: coder-busy'])).toBe(
    `${CLEAR}pending${CLEAR}pending: c${CLEAR}`,
  );
});

test('elsewhere each change is a line', () => {
  expect(written({ isTTY: false, columns: 0 }, ['pending', 'pending', 'imported'])).toBe(
    'pending\nimported\n',
  );
});
