import { useRef } from 'preact/hooks';
import { Copy } from './copy.tsx';

/** Text to copy: a command, a reference, a digest. */
export function Command({ text, label = 'Copy the command' }: { text: string; label?: string }) {
  const shown = useRef<HTMLElement>(null);
  return (
    <div class="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls a long command. */}
      <pre tabIndex={0}>
        <code ref={shown}>{text}</code>
      </pre>
      <Copy
        {...{ text, label }}
        // Without the right to the clipboard a person copies what is selected.
        onRefused={() => shown.current && getSelection()?.selectAllChildren(shown.current)}
      />
    </div>
  );
}
