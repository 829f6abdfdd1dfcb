import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FORMS } from '../../../../infra/local/quotes.ts';
import { createRedactor } from '../../../../shared/lib/redaction/redactor.ts';

const SECRET = 'Zq7+xW/2kL"9&vB=tR s<8';
const JWT =
  'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL3ZhdWx0LmF6dXJlLm5ldCJ9.c2lnbmF0dXJlLW9mLWl0';
const base64 = (text: string) => Buffer.from(text).toString('base64');
function redactor(...secrets: string[]) {
  const made = createRedactor(100);
  for (const secret of secrets) made.remember(secret);
  return made;
}

describe.each(Object.entries(FORMS))('a secret that is quoted %s', (_, quote) => {
  test.each([SECRET, JWT, 'pässwörd-mit-ümlaut'])('is hidden: %s', secret => {
    const quoted = quote(secret);
    const { redact } = redactor(secret);

    expect(redact(`refused "${quoted}", sorry`)).toBe('refused "***", sorry');
    expect(redact(quoted)).toBe('***');
  });
});

test.each([
  // What looks like a secret is one, even if it is another's.
  [`token ${JWT}.`, 'token ***.'],
  [`token ${JWT.slice(0, 60)}… was cut off`, 'token ***… was cut off'],
  [`password ${base64(`00000000-0000-0000-0000-000000000000:${JWT}`)}`, 'password ***'],
  [
    'Get "https://coder:p%40ss!@contoso.azurecr.io/v2/": EOF',
    'Get "https://***@contoso.azurecr.io/v2/": EOF',
  ],
  ['git clone https://x-access-token@github.com/o/r', 'git clone https://***@github.com/o/r'],
  ['Authorization: Basic dXNlcjpwYXNzd29yZA==', 'Authorization: Basic ***'],
  ['"authorization":"Bearer 2YotnFZFEjr1zCsicMWpAA"', '"authorization":"Bearer ***"'],
  [
    'https://s.blob.core.windows.net/c?se=2026&sig=aB%2Bc%3D&sp=r',
    'https://s.blob.core.windows.net/c?se=2026&sig=***&sp=r',
  ],
  // What does not stays.
  ['', ''],
  ['403 DENIED: client with IP 10.0.0.4 is not allowed access', undefined],
  ['Basic authentication is off; Bearer authorization="https://login.microsoftonline.com/t"', undefined],
  ['Basic Authentication failed', undefined],
  [`team/app@sha256:${'0123456789abcdef'.repeat(4)}`, undefined],
  [
    'docker pull contoso.azurecr.io/team/app@sha256:abc, ask a@example.com, see https://aka.ms/acr',
    undefined,
  ],
  ['eyJuZXh0UGFydGl0aW9uS2V5IjoiMSFjb250b3NvIn0=', undefined],
  ['100% of \\d+ &amp; 50%', undefined],
])('of "%s" people read "%s"', (text, shown = text) => {
  expect(redactor().redact(text)).toBe(shown);
});

test('a secret that was cut off is hidden; a few characters that begin like one stay', () => {
  const { redact } = redactor('0123456789abcdefghij');

  expect(redact('refused 0123456789abcdef')).toBe('refused ***');
  expect(redact('refused 0123456789')).toBe('refused 0123456789');
});

test('a word that is as short as no secret is not remembered', () => {
  expect(redactor('coder').redact('coder is down')).toBe('coder is down');
});

test('several secrets, one within another, are each hidden', () => {
  const { redact } = redactor('first-secret', 'second-secret', 'first-secret-and-more');

  expect(redact('first-secret-and-more, second-secret; first-secretsecond-secret')).toBe('***, ***; ******');
});

test('of more secrets than it keeps it forgets the one that was not in use for longest', () => {
  const { remember, redact } = createRedactor(2);
  for (const secret of ['secret-1', 'secret-2', 'secret-1', 'secret-3']) remember(secret);

  expect(redact('secret-1 secret-2 secret-3')).toBe('*** secret-2 ***');
});

test('no text shows a secret in any form, wherever it is, and what is around it stays', () => {
  const secrets = fc.string({ minLength: 12, maxLength: 84, unit: 'grapheme-ascii' });
  // Neither base64 nor an escape, so that it is no part of what is hidden.
  const around = fc.string({ unit: fc.constantFrom(...' .,:()!é'), maxLength: 40 });
  const forms = fc.constantFrom(...Object.values(FORMS));
  fc.assert(
    fc.property(secrets, forms, around, around, (secret, quote, before, after) => {
      fc.pre(secret.trim().length > 11 && !secret.includes('\\') && !secret.includes('%'));
      const shown = redactor(secret).redact(`${before}${quote(secret)}${after}`);

      expect(shown).toBe(`${before}***${after}`);
    }),
  );
});

test('a text without escapes, of any kind, is never damaged', () => {
  const { redact } = redactor(SECRET);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      fc.pre(!/:\/\/.*@|ey|basic|bearer|sig|code/i.test(text));
      expect(redact(text)).toBe(text);
    }),
  );
});
