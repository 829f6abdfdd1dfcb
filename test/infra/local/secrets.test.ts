import { expect, test } from 'vitest';
import { createSecrets } from '../../../infra/local/secrets.ts';

const base = createSecrets();
base.issue('of-the-base');
const secrets = createSecrets(base);
for (const secret of ['eyJh.one.sign', 'eyJh.two.sign', 'four', 'abc']) secrets.issue(secret);

test.each([
  ['nothing secret', 'nothing secret'],
  ['', ''],
  ['four', '***'],
  ['?sig=eyJh.one.sign&and=eyJh.two.sign', '?sig=***&and=***'],
  ['fourfour and four', '****** and ***'],
  ['eyJh.three.sign', 'eyJh.three.sign'],
  ['of-the-base', '***'],
  ['abc would blank too much', 'abc would blank too much'],
])('of "%s" the log shows "%s"', (text, blanked) => {
  expect(secrets.blank(text)).toBe(blanked);
});

test('secrets of the base are known here, and not the other way round', () => {
  base.issue('issued later');

  expect(secrets.all()).toEqual([
    'of-the-base',
    'issued later',
    'eyJh.one.sign',
    'eyJh.two.sign',
    'four',
    'abc',
  ]);
  expect(secrets.blank('issued later')).toBe('***');
  expect(base.all()).toEqual(['of-the-base', 'issued later']);
});
