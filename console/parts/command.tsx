import { useRef, useState } from 'preact/hooks';

/** Text to copy: a command, a reference, a digest. */
export function Command({ text, label = 'Copy the command' }: { text: string; label?: string }) {
  const [said, setSaid] = useState('');
  const shown = useRef<HTMLElement>(null);

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // Without the right to the clipboard a person copies what is selected.
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      setSaid('Selected');
    }
    setTimeout(() => setSaid(''), 2_000);
  }

  return (
    <div class="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls a long command. */}
      <pre tabIndex={0}>
        <code ref={shown}>{text}</code>
      </pre>
      <button type="button" class="small" aria-label={label} onClick={copy}>
        <span aria-live="polite">{said || 'Copy'}</span>
      </button>
    </div>
  );
}
