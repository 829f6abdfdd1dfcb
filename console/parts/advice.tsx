import type { AdvicePart } from '../advice.ts';
import { Command } from './command.tsx';
import { inline } from './prose.tsx';

/** What a person is to do, with its commands to copy. */
export function Advice({ of }: { of: readonly AdvicePart[] }) {
  return (
    <>
      {of.map(({ kind, text }) =>
        kind === 'command' ? <Command key={text} text={text} /> : <p key={text}>{inline(text)}</p>,
      )}
    </>
  );
}
