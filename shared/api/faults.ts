import type * as z from 'zod';

/** Formats a schema issue for API clients; an issue whose schema has its own message keeps that. */
export function wordFault(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      return `must be ${withArticle(issue.expected)}, not ${nameOf(issue.input)}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return `must ${amount(issue.origin, 'at least', issue.minimum, issue.inclusive)}`;
    case 'too_big':
      return `must ${amount(issue.origin, 'at most', issue.maximum, issue.inclusive)}`;
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be a time such as 2026-12-31T08:00:00Z' : undefined;
    default:
      return undefined;
  }
}

function amount(origin: string, bound: string, limit: number | bigint, inclusive = true): string {
  if (origin === 'string') return `have ${bound} ${limit} characters`;
  if (origin === 'array' || origin === 'set') return `have ${bound} ${limit} items`;
  if (inclusive) return `be ${bound} ${limit}`;
  return `be ${bound === 'at least' ? 'more' : 'less'} than ${limit}`;
}

function nameOf(input: unknown): string {
  if (input === null) return 'null';
  return withArticle(Array.isArray(input) ? 'array' : typeof input);
}

function withArticle(type: string): string {
  const name = type === 'int' ? 'whole number' : type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}
