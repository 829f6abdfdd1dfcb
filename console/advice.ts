/** A part of what a person is to do: words, or a command to copy. */
export interface AdvicePart {
  kind: 'words' | 'command';
  text: string;
}

/** Commands stand at the beginning of a line or after a colon, and end with their line or before a remark. */
const COMMAND = /(?<=^|: |\n)(?:az|coder|curl|docker|kubectl|npm) .+?(?= \(in |\n|$)/g;
const QUOTED = /`((?:az|coder|curl|docker|kubectl|npm) [^`]+)`/g;

/** Takes the commands out of a remedy; those between backticks stay in their sentence and follow the text too. */
export function splitAdvice(remedy: string): AdvicePart[] {
  const parts: AdvicePart[] = [];
  const say = (text: string) => text.trim() && parts.push({ kind: 'words', text: text.trim() });
  let at = 0;
  for (const { 0: command, index } of remedy.matchAll(COMMAND)) {
    say(remedy.slice(at, index));
    parts.push({ kind: 'command', text: command });
    at = index + command.length;
  }
  say(remedy.slice(at));
  const quoted = [...remedy.matchAll(QUOTED)].map(([, text = '']): AdvicePart => ({ kind: 'command', text }));
  return [...parts, ...quoted];
}
