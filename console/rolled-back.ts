import { shortDigests } from './short-digest.ts';
import type { Template } from './types.ts';

/** What became of a template that went back to another version, and what stays away since. */
export function rolledBack({ template, active, held }: Template): string {
  const values = Object.values(held).flat();
  const said = `${template} is back at \`${active?.version}\`.`;
  if (values.length === 0) return `${said} Nothing is held: that version names the same images.`;
  return `${said} Held until another digest is pushed: ${values.map(value => `\`${shortDigests(value)}\``).join(', ')}.`;
}
