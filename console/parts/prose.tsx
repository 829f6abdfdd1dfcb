import type { ComponentChildren } from 'preact';
import { pageWords } from '../page-words.ts';

/** A text of the API, whose `words between backticks` are code, **these** and *these* stand out, and [these](…) are links. */
export function Prose({ text }: { text: string }) {
  return (
    <>
      {text.split(/\n{2,}/).map((block, i) => (
        <Block key={i} text={block} />
      ))}
    </>
  );
}

function Block({ text }: { text: string }) {
  const lines = text.split('\n');
  if (!lines.every(line => /^(?:[-*] |\s)/.test(line))) return <p>{inline(text)}</p>;
  const items = text.split(/^[-*] /m).filter(item => item.trim() !== '');
  return (
    <ul>
      {items.map((item, i) => (
        <li key={i}>{inline(item.trim())}</li>
      ))}
    </ul>
  );
}

const MARK = /(`[^`]+`|\*\*[^*]+\*\*|(?<!\w)\*[^*\s][^*]*\*(?!\w)|\[[^\]]+\]\(https?:[^)\s]+\))/;

/** One line of it, without paragraphs. */
export function inline(text: string): ComponentChildren {
  return pageWords(text)
    .split(MARK)
    .map((part, i) => {
      if (part.startsWith('`')) return <code key={i}>{part.slice(1, -1)}</code>;
      if (part.startsWith('**')) return <strong key={i}>{part.slice(2, -2)}</strong>;
      if (/^\*.+\*$/.test(part)) return <em key={i}>{part.slice(1, -1)}</em>;
      const link = /^\[([^\]]+)\]\((.+)\)$/.exec(part);
      if (!link) return part;
      return (
        <a key={i} href={link[2] as string} target="_blank" rel="noreferrer">
          {link[1]}
        </a>
      );
    });
}
