import { expect, test } from 'vitest';
import { EXIT } from '../../command/exit.ts';
import { poll } from '../../command/poll.ts';

const look = (states: string[], timeoutSeconds: number) =>
  poll({
    read: async () => states.shift() ?? 'over',
    isOver: state => state === 'over',
    describe: state => state,
    timeoutSeconds,
  });

test('what is over is given at once, even when there is no time', async () => {
  expect(await look(['over'], 0)).toBe('over');
});

test('what goes on is looked at again', async () => {
  expect(await look(['testing', 'over'], 60)).toBe('over');
});

test('what is not over in time goes on in the bridge, and the message says where it is', async () => {
  await expect(look(['testing'], 0)).rejects.toMatchObject({
    exitCode: EXIT.timeUp,
    message: 'It is not over after 0 s, and goes on in the bridge: testing',
  });
});
