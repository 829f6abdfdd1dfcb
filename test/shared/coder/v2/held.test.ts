import { expect, test } from 'vitest';
import { canaryKey, forgetFailures, hold } from '../../../../shared/coder/v2/held.ts';
import { Rollout } from '../../../../shared/coder/v2/rollout.ts';

const value = (content: string) => `contoso.azurecr.io/team/app@sha256:${content.repeat(64)}`;
const [TAKEN_BACK, FAILED] = [value('a'), value('f')];

test.each([
  ['of a variable', undefined],
  ['of a catalog', FAILED],
])('another attempt at many images lets go what failed %s, and not what a person took back', (_, image) => {
  const rollout = Rollout.parse({});
  hold(rollout, { image: TAKEN_BACK });
  hold(rollout, { image: FAILED });
  rollout.canaryFailed[canaryKey('image', image)] = { value: FAILED, message: 'not ready' };

  forgetFailures(rollout, 'image', image);

  expect(rollout).toMatchObject({ held: { image: [TAKEN_BACK] }, canaryFailed: {} });
});
