import { expect, test } from 'vitest';
import { splitAdvice } from '../../console/advice.ts';

test.each([
  ['Wait.', [['words', 'Wait.']]],
  [
    'Run: az role assignment create --role AcrPull\nThen wait.',
    [
      ['words', 'Run:'],
      ['command', 'az role assignment create --role AcrPull'],
      ['words', 'Then wait.'],
    ],
  ],
  [
    "Run: az acr update (in ABAC mode the role is 'other')",
    [
      ['words', 'Run:'],
      ['command', 'az acr update'],
      ['words', "(in ABAC mode the role is 'other')"],
    ],
  ],
  [
    'Let it be read with `az acr repository update --name REGISTRY`, or wait.',
    [
      ['words', 'Let it be read with `az acr repository update --name REGISTRY`, or wait.'],
      ['command', 'az acr repository update --name REGISTRY'],
    ],
  ],
])('the commands of "%s" are found', (remedy, parts) => {
  expect(splitAdvice(remedy).map(({ kind, text }) => [kind, text])).toEqual(parts);
});
