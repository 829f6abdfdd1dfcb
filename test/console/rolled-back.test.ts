import { expect, test } from 'vitest';
import { rolledBack } from '../../console/rolled-back.ts';
import type { Template } from '../../console/types.ts';

const DIGEST = `sha256:${'0123456789ab'.padEnd(64, '0')}`;
const back = (held: Template['held']) =>
  rolledBack({ template: 'kubernetes', active: { version: 'acr-v1' }, held } as Template);

test('a rollback says what is held, and nothing else', () => {
  expect(back({ image: [`contoso.azurecr.io/team/app:v2@${DIGEST}`] })).toBe(
    'kubernetes is back at `acr-v1`. Held until another digest is pushed: `contoso.azurecr.io/team/app:v2@sha256:0123456789ab…`.',
  );
  expect(back({ image: [] })).toBe(
    'kubernetes is back at `acr-v1`. Nothing is held: that version names the same images.',
  );
});
