import { shortDigests } from '../short-digest.ts';
import { Copy } from './copy.tsx';

/** What a variable of a template names, with its digests short. */
export function Value({ text }: { text: string }) {
  return (
    <>
      <code class="wrap" title={text}>
        {shortDigests(text)}
      </code>{' '}
      <Copy text={text} label={`Copy ${shortDigests(text)}`} />
    </>
  );
}
