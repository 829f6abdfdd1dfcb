import picomatch from 'picomatch';
import { RE2JS } from 're2js';

/** What picomatch puts in to keep `.`, `..` and nothing from matching, none of which is an OCI name. */
const LOOK_AHEADS = /\(\?!(?:\(\?:\^\|\\\/\))?\\\.\{1,2\}\(\?:\\\/\|\$\)\)|\(\?=\.\)/g;

/**
 * A glob as a regular expression: picomatch reads it and RE2 matches it, since a backtracking engine can take
 * exponential time over a few `*`, and a policy must not be able to stop the app.
 *
 * @throws Error when the glob is none, or needs what RE2 lacks
 */
function compileGlob(glob: string): RE2JS {
  const { source } = picomatch.makeRe(glob, {
    dot: true,
    noextglob: true,
    nonegate: true,
    strictSlashes: true,
  });
  return RE2JS.compile(source.replaceAll(LOOK_AHEADS, ''));
}

/** `*` stays within one segment of a path, `**` crosses them; `?`, `[a-z]` and `{a,b}` are known too. */
export function matchesGlob(glob: string, text: string): boolean {
  return compileGlob(glob).matches(text);
}

export function isGlob(text: string): boolean {
  try {
    compileGlob(text);
    return true;
  } catch {
    return false;
  }
}
