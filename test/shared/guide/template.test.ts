import { describe, expect, test } from 'vitest';
import { toMarkdown } from '../../../shared/guide/markdown.ts';
import type { SetupGuide, Step } from '../../../shared/guide/schema.ts';
import { readTemplate } from '../../../shared/guide/template.ts';

const AWKWARD = '{{other}} $& \n\n```\n\n## Heading\n\nCase:\n\n| a | b |';

const stepOf = (text: string, values = {}) =>
  readTemplate(`# Title\n\nAbout.\n\n## Heading\n\n${text}`, values).steps[0] as Step;

describe('a template', () => {
  test('is what toMarkdown writes, without the section about placeholders', () => {
    const guide: SetupGuide = {
      ...{ title: 'Title', registry: 'contoso', loginServer: 'contoso.azurecr.io', credentialKind: 'static' },
      ...{ about: 'About.', placeholders: [] },
      steps: [
        { heading: 'Bare', why: 'Because.', commands: [] },
        {
          heading: 'Full',
          doneByAzd: true,
          why: 'Because.',
          values: 'coderd:\n  annotations:\n\n    a: "b"\n',
          commands: [
            { run: 'first \\\n  --option', expect: 'one\n\nline' },
            { when: 'In a `case`', run: 'second' },
            { when: 'In a `case`', run: 'third', expect: 'yes' },
            { when: 'In another', run: 'fourth' },
            { run: 'fifth' },
          ],
          troubles: [
            { sign: 'a | b', meaning: 'or', remedy: 'choose' },
            { sign: 'c', meaning: 'd', remedy: 'e' },
          ],
        },
      ],
    };
    const markdown = toMarkdown(guide)
      .replace(/^## What[\s\S]*?(?=^## 1\.)/m, '')
      .replace(/^## \d\. /gm, '## ');

    const { title, about, steps } = guide;
    expect(readTemplate(markdown, {})).toEqual({ title, about, steps });
  });

  test('may have comments, and paragraphs of several lines', () => {
    expect(stepOf('<!-- a\n\nb -->\n\nOne\ntwo.\n\n<!-- c -->\n')).toEqual({
      ...{ heading: 'Heading', why: 'One two.', commands: [] },
    });
  });

  test.each([
    ['Why {{value}}.', { why: `Why ${AWKWARD}.` }],
    ['Why.\n\n```sh\nrun\n```\n\n```text\n{{value}}\n```', { commands: [{ run: 'run', expect: AWKWARD }] }],
    ['Why.\n\n```sh\nrun {{value}}\n```', { commands: [{ run: `run '${AWKWARD}'` }] }],
    ['Why.\n\n```sh\nrun {{&value}}\n```', { commands: [{ run: `run ${AWKWARD}` }] }],
    ['Why.\n\n| a | b | c |\n|---|---|---|\n| d | e | {{value}} |', { troubles: [{ remedy: AWKWARD }] }],
  ])('takes any value: %j', (text, step) => {
    expect(stepOf(text, { value: AWKWARD, other: 'no' })).toMatchObject(step);
  });

  test.each([
    ['Why {{valeu}}.', /no value for \{\{valeu\}\}/],
    ['Why.\n\nWhy not.', /cannot contain this block: Why not\./],
    ['```sh\nrun\n```', /why/],
  ])('is refused with a mistake in it: %j', (text, message) => {
    expect(() => stepOf(text, { value: '' })).toThrow(message);
  });
});
