import { compileRe2, type Pattern } from './re2.ts';

/** `**` is a whole part of a name where a slash, a choice's edge or an end stands on either side of it. */
const TOKENS = /(?<whole>(?<=^|[/{,])\*\*(?:\/|(?=$|[},])))|\*+|\[[!^]?[\w.-]+\]|./gsu;

/**
 * Compiles a glob. RE2 matches it, since a backtracking engine can take exponential time over a few `*`, and a policy
 * must not be able to stop the app.
 *
 * - `*`: any characters but `/`; `?`: one of them
 * - `**` as a whole part of a name: any number of parts; elsewhere it means `*`
 * - `[a-z]`: one of these characters; `[!a]`: one that is neither of these nor `/`
 * - `{a,b}`: what one of these globs matches
 *
 * @throws Error that says what is wrong with the glob
 */
export function compileGlob(glob: string): Pattern {
  if (/^[\w./-]*$/.test(glob)) return { matches: text => text === glob, programSize: () => 1 };
  if (!hasPairedBraces(glob))
    throw new Error('braces come in pairs, around choices with commas between them');
  const parts = Array.from(glob.matchAll(TOKENS), ([token, whole]) =>
    whole ? wholePart(token) : toRe2(token),
  );
  return compileRe2(parts.join(''));
}

function wholePart(token: string): string {
  return token.endsWith('/') ? '(?:.*/)?' : '.*';
}

function toRe2(token: string): string {
  switch (token[0]) {
    case '*':
      return '[^/]*';
    case '?':
      return '[^/]';
    case '{':
      return '(?:';
    case ',':
      return '|';
    case '}':
      return ')';
    case '.':
      return '\\.';
    case '[':
      if (token === '[') throw new Error('brackets come in pairs, around letters, digits, "_", "." or "-"');
      return token.replace(/^\[[!^](.*)\]$/, '[^$1/]');
    default:
      if (!/[\w/-]/.test(token)) throw new Error(`no name has a ${JSON.stringify(token)}`);
      return token;
  }
}

/** Takes the innermost choices away until none are left. */
function hasPairedBraces(glob: string): boolean {
  let rest = glob;
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\{[^{}]*,[^{}]*\}/g, '');
  }
  return !/[{},]/.test(rest);
}
