import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineOf, linesOf } from '../../console/json-lines.ts';
import { jsonText } from '../../console/json-text.ts';

const TEXT = `{
  "rules": [
    { "repository": "team/*" },
    {
      "tag": { "semver": ">=1" },
      "platforms": [
        "linux/amd64",
        "a:{},[b"
      ]
    }
  ]
}`;

test.each([
  ['rules', 1],
  ['rules[0]', 2],
  ['rules[0].repository', 2],
  ['rules[1]', 3],
  ['rules[1].tag.semver', 4],
  ['rules[1].platforms[1]', 7],
  // What is not there is on the line of what should hold it.
  ['rules[1].repository', 3],
  ['rules[1].tag.glob', 4],
  ['', 0],
])('%s is on line %i', (path, line) => {
  expect(lineOf(path, linesOf(TEXT))).toBe(line);
});

test('text that is no JSON yet has lines too', () => {
  expect(lineOf('rules[0]', linesOf('{\n"rules": [\n{ "a'))).toBe(2);
});

test('a text is the value that it was made of, and each of its fields has a line', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const text = jsonText(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      const last = text.split('\n').length - 1;
      for (const line of linesOf(text).values()) expect(line).toBeLessThanOrEqual(last);
    }),
  );
});

test('what fits on a line stands on one', () => {
  const rules = [
    { repository: 'team/*', templates: [{ template: '{name}' }] },
    { repository: 'x'.repeat(60) },
  ];

  expect(jsonText({ rules })).toBe(`{
  "rules": [
    {
      "repository": "team/*",
      "templates": [{ "template": "{name}" }]
    },
    {
      "repository": "${'x'.repeat(60)}"
    }
  ]
}`);
});
